/*
 * Functions that this code base does not use, and what takes their place.
 * Force-included by the Makefile into every translation unit of ours.
 */
#ifndef SA_BASE_BANNED_H
#define SA_BASE_BANNED_H

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* glibc's fortified headers define these two as macros under clang. */
#undef sprintf
#undef vsprintf

#pragma GCC poison strcpy strcat sprintf vsprintf /* buf_addf, snprintf */
#pragma GCC poison strtok strtok_r                /* words_split, spans */
#pragma GCC poison atoi atol atoll sscanf         /* num_parse_u64 and friends */
#pragma GCC poison system popen                   /* os/spawn */
#pragma GCC poison signal                         /* sigaction, signalfd */
#pragma GCC poison gets tmpnam mktemp rand srand

#endif
