/* The session's port (proto/session.h, struct book) over the store. */
#ifndef SATCHA_STORE_BOOK_H
#define SATCHA_STORE_BOOK_H

#include "store/impl.h"

void book_init(struct store *store);
void book_free(struct store *store);
/* What peers may see of a ledger: its published head, of the own one the released head. E_NO_DATA,
 * E_FORKED. */
enum err_code MUST_USE book_visible_head(struct store *store, const struct hash *group,
                                         struct ledger **ledger, struct head *head);

#endif
