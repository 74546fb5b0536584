/*
 * kind - the forms of values that schemas have types for, and csv/value has not.
 */
#ifndef CD4ML_TABLE_KIND_H
#define CD4ML_TABLE_KIND_H

#include "base/buf.h"

/** [+-]digits, of any length. */
bool table_kind_is_whole(struct slice s);
/** hh:mm:ss, perhaps with a fraction and a zone behind it, as ISO 8601 has them. */
bool table_kind_is_time(struct slice s);
/** yyyy-mm-dd, 'T' or a blank, and a time. */
bool table_kind_is_datetime(struct slice s);

#endif
