/* Writing the results of requests, and the names of the codes that stand in them. */
#include "proto/date.h"
#include "store/requests.h"

void result_text(struct buffer *out, const char *key, const char *value)
{
    pack_text(out, key);
    pack_text(out, value && *value ? value : NULL);
}

void result_bytes(struct buffer *out, const char *key, struct bytes text)
{
    pack_text(out, key);
    if (text.len == 0) {
        pack_nil(out);
    } else {
        pack_str(out, text);
    }
}

void result_uint(struct buffer *out, const char *key, uint64_t value)
{
    pack_text(out, key);
    pack_uint(out, value);
}

void result_number(struct buffer *out, const char *key, uint64_t value)
{
    pack_text(out, key);
    if (value == 0) {
        pack_nil(out);
    } else {
        pack_uint(out, value);
    }
}

void result_int(struct buffer *out, const char *key, int64_t value)
{
    pack_text(out, key);
    pack_int(out, value);
}

void result_bool(struct buffer *out, const char *key, bool value)
{
    pack_text(out, key);
    pack_bool(out, value);
}

void result_hash(struct buffer *out, const char *key, const struct hash *value)
{
    pack_text(out, key);
    if (value) {
        pack_bin(out, hash_view(value));
    } else {
        pack_nil(out);
    }
}

void result_amount(struct buffer *out, const char *key, struct amount value)
{
    result_int(out, key, amount_satang(value));
}

void result_date(struct buffer *out, const char *key, int32_t date)
{
    char text[DATE_TEXT_MAX];
    result_text(out, key, date_format_iso(date, text));
}

void result_array(struct buffer *out, const char *key, size_t count)
{
    pack_text(out, key);
    pack_array(out, count);
}

/* --- names --- */

static const char *const TYPE_NAMES[] = {
    [GROUP_SAVINGS] = "savings",       [GROUP_VILLAGE_FUND] = "village-fund",
    [GROUP_WELFARE] = "welfare",       [GROUP_FINANCIAL_INSTITUTION] = "financial-institution",
    [GROUP_ENTERPRISE] = "enterprise", [GROUP_INCUBATOR] = "incubator",
    [GROUP_NETWORK] = "network",       [GROUP_COOPERATIVE] = "cooperative",
    [GROUP_OTHER] = "other",
};

const char *group_type_name(uint32_t type)
{
    return type >= GROUP_SAVINGS && type <= GROUP_OTHER ? TYPE_NAMES[type] : "other";
}

bool group_type_find(struct bytes name, uint32_t *type)
{
    for (uint32_t i = GROUP_SAVINGS; i <= GROUP_OTHER; i++) {
        if (bytes_equal(name, bytes_of_text(TYPE_NAMES[i]))) {
            *type = i;
            return true;
        }
    }
    return false;
}

const char *ledger_status_name(enum ledger_status status)
{
    switch (status) {
    case LEDGER_OK:
        return "ok";
    case LEDGER_NEEDS_UPGRADE:
        return "needs-upgrade";
    case LEDGER_HALTED:
        return "halted";
    }
    return "unknown";
}
