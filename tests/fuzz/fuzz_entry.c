/* Any bytes as a leaf: refused, or written again to the same bytes; and its terms, read by every
 * kind's reader, never do more than refuse. */
#include <assert.h>
#include <stdlib.h>

#include "proto/hash.h"
#include "proto/terms.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum err_code pass(void *context, const struct admission *admission)
{
    (void)context;
    (void)admission;
    return OK;
}

static void read_terms(struct bytes terms)
{
    static struct profile profile;
    struct post_terms post;
    struct member_terms member;
    struct note_terms note;
    uint8_t tag[OPERATION_TAG_BYTES];
    struct err err;
    (void)!terms_profile_read(terms, KIND_GENESIS, &profile, &err);
    (void)!terms_profile_read(terms, KIND_AMEND, &profile, NULL);
    (void)!terms_keys_read(terms, KIND_AMEND, &profile, &err);
    (void)!terms_post_read(terms, &post, &err);
    (void)!terms_member_read(terms, &member, NULL);
    (void)!terms_note_read(terms, &note, &err);
    (void)!terms_roster_read(terms, pass, NULL, &err);
    (void)terms_operation_tag(terms, tag);
}

static void write_again(const struct entry *entry, struct bytes leaf)
{
    struct buffer out;
    struct hash built;
    struct hash read;
    buffer_init(&out, 0);
    enum err_code code = entry_encode(entry, &out, NULL);
    assert(code == OK && bytes_equal(buffer_view(&out), leaf));
    code = entry_hash_to_approve(entry, &built, NULL);
    entry_unsigned_hash(entry, leaf, &read);
    assert(code == OK && hash_equal(&built, &read));
    buffer_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct entry entry;
    struct err err;
    struct bytes leaf = bytes_of(data, size);
    crypto_init();
    if (entry_decode(leaf, &entry, &err) == OK) {
        write_again(&entry, leaf);
        read_terms(entry.terms);
    }
    read_terms(leaf); /* whoever reads terms alone must not trust them either */
    return 0;
}
