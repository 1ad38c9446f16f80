// What the system has and Swift cannot call: functions with a variable number of arguments, and those of headers that
// its modules of the C library leave out.
#ifndef CPLATFORM_H
#define CPLATFORM_H

#include <stdbool.h>

// Whether the system gave this process rights that whoever started it does not have (setuid, setgid, capabilities of
// the file), so that its arguments and environment are not to be believed.
bool cplatform_has_borrowed_rights(void);

// Keeps the process's memory from being written to a core file or read by other processes of the user. It ends where
// another program takes the process over.
void cplatform_hide_memory(void);

// Closes every file but the standard streams.
void cplatform_close_files(void);

#endif
