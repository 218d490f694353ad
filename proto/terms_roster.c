/* Terms of a network's roster entry. Only admissions are known to this version.
 *
 *   0 admissions [map 0..128], each
 *       0 group id (bin 32)   1 roster name (str)        2 transport key (bin 32)
 *       3 name in English     4 group type (uint)        5 place code (uint)
 *       7 addresses [str 0..4]
 *   1 tag of the operation id */
#include "proto/terms_reader.h"

#include <string.h>

enum { ADMISSION_GROUP = 1, ADMISSION_KEY = 2, ADMISSION_TYPE = 4, ADMISSION_NEEDED = 7 };

static enum err_code read_admission(struct cursor *cursor, struct admission *out, struct err *err)
{
    struct terms_reader reader = terms_reader_inside(cursor);
    uint64_t key;
    unsigned seen = 0;
    enum err_code code = OK;
    memset(out, 0, sizeof *out);
    while (code == OK && terms_next(&reader, &key)) {
        switch (key) {
        case 0:
            cursor_bin_exact(&reader.cursor, &out->group, sizeof out->group);
            seen |= ADMISSION_GROUP;
            break;
        case 1: /* no tag in here */
            terms_text(&reader.cursor, out->name, NAME_MAX_BYTES);
            break;
        case 2:
            cursor_bin_exact(&reader.cursor, &out->transport_key, sizeof out->transport_key);
            seen |= ADMISSION_KEY;
            break;
        case 3:
            terms_text(&reader.cursor, out->name_en, NAME_MAX_BYTES);
            break;
        case 4:
            out->type = (uint32_t)cursor_uint_max(&reader.cursor, UINT32_MAX);
            seen |= ADMISSION_TYPE;
            break;
        case 5:
            out->place = terms_place(&reader.cursor);
            break;
        case 7:
            out->address_count = terms_addresses(&reader.cursor, out->addresses);
            break;
        default:
            code = terms_other(&reader, key, err);
        }
    }
    if (code == OK) {
        code = terms_end(&reader, "admission", err);
    }
    if (code == OK && seen != ADMISSION_NEEDED) {
        code = err_set(err, E_ENCODING,
                       "terms of admission: group id, transport key and type are needed");
    }
    *cursor = reader.cursor;
    return code;
}

static enum err_code read_admissions(struct cursor *cursor, admission_fn each, void *context,
                                     struct err *err)
{
    size_t count = cursor_array(cursor, ROSTER_ADMIT_MAX);
    for (size_t i = 0; i < count; i++) {
        struct admission admission;
        enum err_code code = read_admission(cursor, &admission, err);
        if (code == OK) {
            code = each(context, &admission);
        }
        if (code != OK) {
            return code;
        }
    }
    return OK;
}

enum err_code terms_roster_read(struct bytes terms, admission_fn each, void *context,
                                struct err *err)
{
    struct terms_reader reader = terms_reader_of(terms);
    uint64_t key;
    enum err_code code = OK;
    while (code == OK && terms_next(&reader, &key)) {
        if (key == 0) {
            code = read_admissions(&reader.cursor, each, context, err);
        } else {
            code = terms_other(&reader, key, err);
        }
    }
    return code == OK ? terms_end_alone(&reader, "roster", err) : code;
}

static void pack_admission(struct buffer *out, const struct admission *admission)
{
    pack_map(out, 3U + (admission->name[0] != '\0') + (admission->name_en[0] != '\0') +
                      (admission->place != 0) + (admission->address_count != 0));
    pack_uint(out, 0);
    pack_bin(out, hash_view(&admission->group));
    if (admission->name[0] != '\0') {
        pack_uint(out, 1);
        pack_text(out, admission->name);
    }
    pack_uint(out, 2);
    pack_bin(out, hash_view(&admission->transport_key));
    if (admission->name_en[0] != '\0') {
        pack_uint(out, 3);
        pack_text(out, admission->name_en);
    }
    pack_uint(out, 4);
    pack_uint(out, admission->type);
    if (admission->place != 0) {
        pack_uint(out, 5);
        pack_uint(out, admission->place);
    }
    if (admission->address_count != 0) {
        pack_uint(out, 7);
        terms_pack_addresses(out, admission->addresses, admission->address_count);
    }
}

void terms_roster_pack(struct buffer *out, const struct admission *admissions, size_t count,
                       const uint8_t *tag)
{
    pack_map(out, 1U + (tag != NULL));
    pack_uint(out, 0);
    pack_array(out, count);
    for (size_t i = 0; i < count; i++) {
        pack_admission(out, &admissions[i]);
    }
    terms_pack_tag(out, tag);
}

size_t admission_size(const struct admission *admission)
{
    struct buffer packed;
    buffer_init(&packed, ENTRY_MAX_BYTES);
    pack_admission(&packed, admission);
    size_t size = packed.failed ? ENTRY_MAX_BYTES + 1 : packed.len;
    buffer_free(&packed);
    return size;
}
