// libjwt 1.x (Debian 12: 1.10.2).
#ifndef RINGFENCE_CJWT_H
#define RINGFENCE_CJWT_H
#include <jwt.h>
#include <stdlib.h>
#include <string.h>
#endif
