/* Tables of ledger.db and the migrations that made them. */
#ifndef SATCHA_STORE_SCHEMA_H
#define SATCHA_STORE_SCHEMA_H

#include "store/db.h"

/* Brings the file to this program's version, one transaction per migration. E_VERSION where the
 * file is newer. Not inside a transaction. */
enum err_code MUST_USE schema_migrate(struct db *db, struct err *err);

/* Derived tables that a rebuild empties and fills again (without those of lines.h), NULL at the
 * end; rows are in a determined order. */
extern const char *const schema_projections[];

#endif
