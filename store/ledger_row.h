/* Rows of the table `ledger`; private to ledger.c. */
#ifndef SATCHA_STORE_LEDGER_ROW_H
#define SATCHA_STORE_LEDGER_ROW_H

#include "store/impl.h"

/* Fills an empty ledger whose group is set. E_NO_DATA when there is no row, E_CORRUPT. */
enum err_code MUST_USE ledger_row_load(struct store *store, struct ledger *ledger, struct err *err);
/* Writes the row; the ledger is not dirty afterwards. Uses store->scratch. */
enum err_code MUST_USE ledger_row_write(struct store *store, struct ledger *ledger,
                                        struct err *err);

#endif
