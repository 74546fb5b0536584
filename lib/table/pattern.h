/*
 * pattern - the regular expressions of schemas on POSIX's matcher.
 *
 * Table Schema's patterns are those of XML Schema and match the whole value. Translated are \d \D
 * \w \W \s \S \t \n \r, escapes of other characters, and (?: for (. Refused, with the reason, are
 * what POSIX extended expressions lack: looking around, lazy repeats, back references, \p{..}, \b;
 * and repeats so large that the matcher would need much memory.
 */
#ifndef CD4ML_TABLE_PATTERN_H
#define CD4ML_TABLE_PATTERN_H

#include "base/buf.h"

/**
 * The pattern as a POSIX extended expression of the whole value. Owned by the caller. NULL and
 * ERR_INPUT.
 */
char *table_pattern_translate(const char *pattern, struct err *e) MUST_CHECK;

#endif
