/* A folder of its own for a suite's files, in which the suite works and which is gone afterwards.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_CERTS_FOLDER_H
#define TESTS_CERTS_FOLDER_H

/* Makes a folder (mkdtemp) and goes into it: files have plain names. 0 when well, as CUnit has it. */
int folder_begin(void);

/* Goes back to where the suite came from and removes the folder with all that is in it. */
int folder_end(void);

/* Writes a file of that text. Asserts. */
void folder_write(const char *file, const char *text);

/* The file as text, freed by the caller. Asserts. */
char *folder_read(const char *file);

#endif
