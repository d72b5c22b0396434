// libpq, the PostgreSQL client library.
#ifndef RINGFENCE_CPOSTGRES_H
#define RINGFENCE_CPOSTGRES_H
#include <libpq-fe.h>
#endif
