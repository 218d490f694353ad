/* The session's port (proto/session.h, struct book) over the store. */
#ifndef SATCHA_STORE_BOOK_H
#define SATCHA_STORE_BOOK_H

#include "store/impl.h"

void book_init(struct store *store);
void book_free(struct store *store);

#endif
