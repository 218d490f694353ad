/* What auditors and treasurers hand to the program as files: cuts, proofs, CSV, policies. The first
 * byte says which. What is read strictly is written again the same. */
#include <assert.h>
#include <string.h>

#include "proto/terms.h"
#include "store/csv.h"
#include "store/cut.h"
#include "store/policy.h"
#include "store/tlog_proof.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void as_cut(struct bytes text)
{
    struct cut cut;
    struct err err = {.text = ""};
    memset(&cut, 0, sizeof cut);
    if (cut_parse(text, &cut, &err) == OK) {
        assert(cut.count >= 1 && cut.signature_count <= NOTE_SIGNATURES_MAX);
        assert(strlen(cut.id) == CUT_ID_MAX - 1);
        cut_free(&cut);
    } else {
        assert(err.text[0] != '\0');
    }
}

static void as_proof(struct bytes text)
{
    struct tlog_proof proof;
    struct buffer scratch, again;
    struct err err = {.text = ""};
    buffer_init(&scratch, 0);
    buffer_init(&again, 0);
    if (tlog_proof_parse(text, &scratch, &proof, &err) == OK) {
        enum err_code code = tlog_proof_write(&proof, &again, &err);
        assert(code == OK);
        code = tlog_proof_verify(&proof, &err);
        assert(code == OK || err.text[0] != '\0');
    } else {
        assert(err.text[0] != '\0');
    }
    buffer_free(&scratch);
    buffer_free(&again);
}

static void as_csv(struct bytes content)
{
    struct csv csv;
    struct bytes fields[CSV_FIELDS_MAX];
    struct err err = {.text = ""};
    unsigned count = 1;
    uint32_t line = 0;
    if (csv_open(&csv, content, &err) != OK) {
        return;
    }
    while (count > 0 && csv_next(&csv, fields, &count, &err) == OK) {
        assert(count <= CSV_FIELDS_MAX);
        assert(count == 0 || csv.row_line > line);
        line = csv.row_line;
        for (unsigned i = 0; i < count; i++) {
            assert(bytes_is_utf8(fields[i]));
        }
    }
    csv_close(&csv);
}

static void as_policy(struct bytes text)
{
    struct policy policy;
    struct err err = {.text = ""};
    policy_default(&policy);
    if (policy_parse(text, 2, &policy, &err) == OK) {
        assert(policy.quorum_count <= POLICY_QUORUMS_MAX);
        assert(policy.fiscal_month >= 1 && policy.fiscal_month <= 12);
    } else {
        assert(err.text[0] != '\0');
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    crypto_init();
    struct bytes rest = bytes_of(data + 1, size - 1);
    switch (data[0]) {
    case 'u':
        as_cut(rest);
        break;
    case 'p':
        as_proof(rest);
        break;
    case 'c':
        as_csv(rest);
        break;
    default:
        as_policy(rest);
        break;
    }
    return 0;
}
