/* C2SP tlog-proof files: written for one entry, parsed strictly, checked against their own root. */
#include "store/tlog_proof.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "proto/id.h"

static const char FIRST_LINE[] = "c2sp.org/tlog-proof@v1";

static void print_base64(struct buffer *out, struct bytes data)
{
    size_t len = (data.len + 2) / 3 * 4;
    char *text = (char *)buffer_extend(out, len + 1); /* the terminator becomes the line's end */
    if (text) {
        base64_format(data, text, len + 1);
        text[len] = '\n';
    }
}

enum err_code tlog_proof_write(const struct tlog_proof *proof, struct buffer *out, struct err *err)
{
    buffer_print(out, "%s\nextra ", FIRST_LINE);
    print_base64(out, proof->leaf);
    buffer_print(out, "index %" PRIu64 "\n", proof->index);
    for (unsigned i = 0; i < proof->path.count; i++) {
        print_base64(out, hash_view(&proof->path.node[i]));
    }
    buffer_print(out, "\n");
    checkpoint_write(out, &proof->head);
    return out->failed ? err_set(err, E_MEMORY, "out of memory for a proof") : OK;
}

struct reader {
    struct bytes rest;
    unsigned line;
    struct err *err;
};

static enum err_code refuse(const struct reader *reader, const char *expected)
{
    return err_set(reader->err, E_ENCODING, "line %u of the proof: expected %s", reader->line,
                   expected);
}

static bool next_line(struct reader *reader, struct bytes *line)
{
    reader->line++;
    return bytes_line(&reader->rest, line);
}

/* Takes `prefix` off the line. */
static bool after(struct bytes *line, const char *prefix)
{
    size_t len = strlen(prefix);
    if (line->len < len || memcmp(line->data, prefix, len) != 0) {
        return false;
    }
    *line = bytes_of(line->data + len, line->len - len);
    return true;
}

static enum err_code read_leaf(struct reader *reader, struct buffer *scratch, struct bytes *leaf)
{
    struct bytes line;
    size_t len = 0;
    buffer_clear(scratch);
    uint8_t *room = buffer_extend(scratch, ENTRY_MAX_BYTES);
    if (!room) {
        return err_set(reader->err, E_MEMORY, "out of memory for a leaf");
    }
    if (!next_line(reader, &line) || !after(&line, "extra ") ||
        !base64_parse(line, room, ENTRY_MAX_BYTES, &len) || len == 0) {
        return refuse(reader, "extra and the leaf in base64");
    }
    *leaf = bytes_of(room, len);
    return OK;
}

static enum err_code read_path(struct reader *reader, struct merkle_proof *path)
{
    struct bytes line;
    size_t len = 0;
    path->count = 0;
    for (;;) {
        if (!next_line(reader, &line)) {
            return refuse(reader, "a hash in base64, or an empty line before the checkpoint");
        }
        if (line.len == 0) {
            return OK;
        }
        if (path->count == MERKLE_PROOF_MAX ||
            !base64_parse(line, path->node[path->count].bytes, HASH_BYTES, &len) ||
            len != HASH_BYTES) {
            return refuse(reader, "at most 64 hashes of 32 bytes in base64");
        }
        path->count++;
    }
}

enum err_code tlog_proof_parse(struct bytes text, struct buffer *scratch, struct tlog_proof *proof,
                               struct err *err)
{
    struct reader reader = {.rest = text, .err = err};
    struct bytes line;
    struct tlog_proof read;
    if (!next_line(&reader, &line) || !bytes_equal(line, bytes_of_text(FIRST_LINE))) {
        return refuse(&reader, FIRST_LINE);
    }
    enum err_code code = read_leaf(&reader, scratch, &read.leaf);
    if (code != OK) {
        return code;
    }
    if (!next_line(&reader, &line) || !after(&line, "index ") ||
        !bytes_decimal(line, LEDGER_SIZE_MAX - 1, &read.index)) {
        return refuse(&reader, "index and a number");
    }
    code = read_path(&reader, &read.path);
    if (code == OK) {
        code = checkpoint_parse(reader.rest, &read.head, err);
    }
    if (code == OK) {
        *proof = read;
    }
    return code;
}

enum err_code tlog_proof_verify(const struct tlog_proof *proof, struct err *err)
{
    struct hash leaf_hash;
    merkle_leaf_hash(&leaf_hash, proof->leaf);
    enum err_code code = merkle_verify_inclusion(&leaf_hash, proof->index, proof->head.size,
                                                 &proof->path, &proof->head.root);
    return code == OK ? OK
                      : err_set(err, E_PROOF,
                                "the leaf does not stand at index %" PRIu64
                                " under the root of the checkpoint of size %" PRIu64,
                                proof->index, proof->head.size);
}
