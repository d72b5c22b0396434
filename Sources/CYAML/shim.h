// libyaml's event parser.
#ifndef RINGFENCE_CYAML_H
#define RINGFENCE_CYAML_H
#include <yaml.h>
#endif
