/* The audit and its cut. */
#include "store/report.h"
#include "store/requests.h"

/* The cut that was given, checked, or one of the heads of now. */
static enum err_code get_cut(const struct request_context *context, const msgpack_object *arguments,
                             struct cut *cut, struct err *err)
{
    int32_t date = 0;
    unsigned verified = 0;
    struct bytes text = argument_text(arguments, "cut");
    enum err_code code = argument_date(context, arguments, "date", &date, err);
    if (code != OK) {
        return code;
    }
    if (text.len == 0) {
        struct buffer made;
        buffer_init(&made, CUT_MAX_BYTES);
        code = cut_of_heads(context->store, date, cut, err);
        if (code == OK) { /* writing gives it its id */
            code = cut_write(context->store, cut, &made, err);
            if (code != OK) {
                cut_free(cut);
            }
        }
        buffer_free(&made);
        return code;
    }
    if (argument_has(arguments, "date")) {
        return err_set(err, E_USAGE, "date: a cut has its own as-of date; give one or the other");
    }
    code = cut_parse(text, cut, err);
    if (code == OK) {
        code = cut_verify(context->store, text, cut, &verified, err);
        if (code != OK) {
            cut_free(cut);
        }
    }
    return code;
}

enum err_code request_audit(const struct request_context *context, const msgpack_object *arguments,
                            struct buffer *result, struct err *err)
{
    struct cut cut;
    struct report report;
    enum place_level by = PLACE_COUNTRY;
    char quoted[QUOTE_MAX];
    struct bytes level = argument_text(arguments, "by");
    if (level.len > 0 && !place_level_find(level, &by)) {
        return err_set(err, E_USAGE,
                       "by %s: expected tambon, district, province, cluster, region or country",
                       bytes_quote(level, quoted));
    }
    enum err_code code = get_cut(context, arguments, &cut, err);
    if (code != OK) {
        return code;
    }
    code = report_build(context->store, &cut, &report, err);
    if (code == OK) {
        code = report_pack(&report, by, result, err);
        report_free(&report);
    }
    cut_free(&cut);
    return code;
}

enum err_code request_cut(const struct request_context *context, const msgpack_object *arguments,
                          struct buffer *result, struct err *err)
{
    struct cut cut;
    struct buffer text;
    int32_t date = 0;
    uint64_t held = 0;
    enum err_code code = argument_date(context, arguments, "date", &date, err);
    if (code == OK) {
        code = cut_of_heads(context->store, date, &cut, err);
    }
    if (code != OK) {
        return code;
    }
    buffer_init(&text, CUT_MAX_BYTES);
    code = cut_write(context->store, &cut, &text, err);
    if (code == OK) {
        for (size_t i = 1; i < cut.count; i++) {
            held += cut.items[i].size > 0;
        }
        pack_map(result, 5);
        result_text(result, "id", cut.id);
        result_date(result, "as_of", cut.as_of);
        result_uint(result, "groups", cut.count - 1);
        result_uint(result, "held", held);
        result_bytes(result, "text", buffer_view(&text));
    }
    buffer_free(&text);
    cut_free(&cut);
    return code;
}
