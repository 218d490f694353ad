/* Postings as people type them and legs as the manual prints them, so that a test reads like the
 * manual and the manual can be read by a test. */
#ifndef SATCHA_TESTS_LIB_POSTING_TEXT_H
#define SATCHA_TESTS_LIB_POSTING_TEXT_H

#include "proto/events.h"

/* "deposit --member 42 --amount 1,200.00 --pay bank": every option of `satcha post`. Aborts the
 * test on a word that it does not know. Texts view `command`. */
void posting_parse(const char *command, struct posting *posting);

/* "Dr 1110 1,200.00, Cr 2110 1,200.00 (member 42)" */
enum { LEGS_TEXT_MAX = 600 };
const char *legs_text(const struct body_line *legs, unsigned count, char out[LEGS_TEXT_MAX]);

/* Adds the legs to the entry's posts, one sum for each account and side, as an author does. */
void entry_add_legs(struct entry *entry, const struct body_line *legs, unsigned count);

#endif
