/* The forty-six events, one row each: number, names, member, help, and the legs as data. A number,
 * a name and the accounts of a row are for good: what was valid under them stays so. */
#include "proto/events_rule.h"

/* clang-format off: a row reads as a row */
#define RULE(...)              \
    &(const struct event_rule) \
    {                          \
        __VA_ARGS__            \
    }
#define SLOT(side, choice, plus, minus, ...)                  \
    {                                                         \
        SLOT_##side, CHOICE_##choice, (plus), (minus), false, \
        {                                                     \
            __VA_ARGS__                                       \
        }                                                     \
    }
#define GAIN(side, plus, minus, ...)                      \
    {                                                     \
        SLOT_##side, CHOICE_FIXED, (plus), (minus), true, \
        {                                                 \
            __VA_ARGS__                                   \
        }                                                 \
    }
/* The whole amount on one account. */
#define DEBIT(choice, ...) SLOT(DEBIT, choice, PART_AMOUNT, 0, __VA_ARGS__)
#define CREDIT(choice, ...) SLOT(CREDIT, choice, PART_AMOUNT, 0, __VA_ARGS__)
/* Sets of accounts; the first is the default. */
#define CASH 1110, 1120
#define SAVINGS 2110, 2120
#define LOANS 1210, 1220, 1230
#define CHANNELS 4312, 4313, 4314, 4315

const struct event_row event_table[EVENT_COUNT] = {
    {1, "opening", "ยอดยกมา", MEMBER_OPTIONAL, false,
     "--account any own one, on its normal side against 3900; negative only for 3310, 1290, 1590",
     RULE(.shape = SHAPE_OPENING)},
    {2, "deposit", "ฝากสัจจะ/ฝากพิเศษ", MEMBER_YES, false,
     "--pay 1110 or bank to --account 2110 (default) or 2120",
     RULE(.slots = {DEBIT(PAY, CASH), CREDIT(ACCOUNT, SAVINGS)})},
    {3, "withdraw", "ถอน", MEMBER_YES, false,
     "--account 2110 (default) or 2120 to --pay 1110 or bank",
     RULE(.slots = {DEBIT(ACCOUNT, SAVINGS), CREDIT(PAY, CASH)})},
    {4, "contribute", "สมทบไม่คืน", MEMBER_YES, false, "--pay 1110 or bank to 4311; not returnable",
     RULE(.slots = {DEBIT(PAY, CASH), CREDIT(FIXED, 4311)})},
    {5, "donation", "รับสมทบ/บริจาค", MEMBER_NO, false,
     "--pay 1110, bank or 1360 (promised) to --account 4312, 4313, 4314 or 4315 (must be given)",
     RULE(.slots = {DEBIT(PAY, CASH, 1360), CREDIT(ACCOUNT_GIVEN, CHANNELS)})},
    {6, "share-in", "ซื้อหุ้น", MEMBER_YES, false, "--pay 1110 or bank to 3120",
     RULE(.slots = {DEBIT(PAY, CASH), CREDIT(FIXED, 3120)})},
    {7, "share-out", "ถอนหุ้น", MEMBER_YES, false, "3120 to --pay 1110 or bank",
     RULE(.slots = {DEBIT(FIXED, 3120), CREDIT(PAY, CASH)})},
    {8, "savings-interest", "ดอกเบี้ยเงินฝาก", MEMBER_YES, false,
     "5130 to --account 2110 (default) or 2120",
     RULE(.slots = {DEBIT(FIXED, 5130), CREDIT(ACCOUNT, SAVINGS)})},
    {9, "member-fee", "ค่าปรับ/ค่าธรรมเนียม", MEMBER_OPTIONAL, false,
     "--pay 1110, bank, 2110, 2120 or 1360 (owed) to 4140",
     RULE(.slots = {DEBIT(PAY, CASH, SAVINGS, 1360), CREDIT(FIXED, 4140)})},
    {10, "disburse", "ปล่อยกู้", MEMBER_YES, false,
     "1210 to --pay 1110 or bank; --penalty a fee kept back from it (4140); --sub the loan",
     RULE(.slots = {DEBIT(FIXED, 1210), SLOT(CREDIT, PAY, PART_AMOUNT, PART_PENALTY, CASH),
                    SLOT(CREDIT, FIXED, PART_PENALTY, 0, 4140)})},
    {11, "repay", "รับชำระหนี้", MEMBER_YES, false,
     "--pay 1110, bank, 2110 or 2120: of the amount --penalty to 4140, --interest to 4110, the rest"
     " to --account 1210 (default), 1220 or 1230; --sub the loan",
     RULE(.slots = {DEBIT(PAY, CASH, SAVINGS), SLOT(CREDIT, FIXED, PART_PENALTY, 0, 4140),
                    SLOT(CREDIT, FIXED, PART_INTEREST, 0, 4110),
                    SLOT(CREDIT, ACCOUNT, PART_AMOUNT, PART_INTEREST | PART_PENALTY, LOANS)})},
    {12, "refinance", "รับซื้อหนี้/ไถ่ถอน", MEMBER_YES, false,
     "1230 at --face (default: the amount) to --pay 1110 or bank the amount paid, 2910 the"
     " difference; --sub the contract",
     RULE(.flags = RULE_FACE_IS_AMOUNT,
          .slots = {SLOT(DEBIT, FIXED, PART_FACE, 0, 1230), CREDIT(PAY, CASH),
                    SLOT(CREDIT, FIXED, PART_FACE, PART_AMOUNT, 2910)})},
    {13, "discount-release", "รับรู้ส่วนลด", MEMBER_YES, false, "2910 to 4110; --sub the contract",
     RULE(.slots = {DEBIT(FIXED, 2910), CREDIT(FIXED, 4110)})},
    {14, "home-sale", "ขายผ่อนที่ดินบ้าน", MEMBER_YES, false,
     "the amount is the price: --face of it by instalments (1220; default: all), the rest is paid"
     " down to --pay 1110 or bank; --cost (must be given) from 1420, excess to 4220, shortfall to"
     " 5220; --sub the contract",
     RULE(.flags = RULE_FACE_IS_AMOUNT | RULE_NEEDS_COST,
          .slots = {SLOT(DEBIT, FIXED, PART_FACE, 0, 1220),
                    SLOT(DEBIT, PAY, PART_AMOUNT, PART_FACE, CASH),
                    GAIN(DEBIT, PART_COST, PART_AMOUNT, 5220),
                    SLOT(CREDIT, FIXED, PART_COST, 0, 1420),
                    GAIN(CREDIT, PART_AMOUNT, PART_COST, 4220)})},
    {15, "provision", "ตั้ง/กลับค่าเผื่อ", MEMBER_NO, true,
     "5410 to 1290; a negative amount takes it back",
     RULE(.slots = {DEBIT(FIXED, 5410), CREDIT(FIXED, 1290)})},
    {16, "write-off", "ตัดหนี้สูญสมาชิก", MEMBER_YES, false,
     "--cost the part that the allowance 1290 bears (default: none), the rest 5410, to --account"
     " 1210 (default), 1220 or 1230; --sub the loan",
     RULE(.slots = {SLOT(DEBIT, FIXED, PART_COST, 0, 1290),
                    SLOT(DEBIT, FIXED, PART_AMOUNT, PART_COST, 5410), CREDIT(ACCOUNT, LOANS)})},
    {17, "recover", "หนี้สูญได้คืน", MEMBER_YES, false,
     "--pay 1110 or bank to 5410; --sub the loan that was written off",
     RULE(.slots = {DEBIT(PAY, CASH), CREDIT(FIXED, 5410)})},
    {18, "purchase", "ซื้อ", MEMBER_NO, false,
     "--account 1410 (default), 1420 or 1510 to --pay 1110, bank or 2410 (owed); --unit, --sub",
     RULE(.slots = {DEBIT(ACCOUNT, 1410, 1420, 1510), CREDIT(PAY, CASH, 2410)})},
    {19, "sale", "ขาย", MEMBER_OPTIONAL, false,
     "--pay 1110, bank or 1360 (owed) to 4210; --cost from 1410 to 5210; --unit",
     RULE(.slots = {DEBIT(PAY, CASH, 1360), SLOT(DEBIT, FIXED, PART_COST, 0, 5210),
                    CREDIT(FIXED, 4210), SLOT(CREDIT, FIXED, PART_COST, 0, 1410)})},
    {20, "stock-adjust", "ปรับสินค้าตามตรวจนับ", MEMBER_NO, true,
     "5210 to 1410: less stock than the books say; negative: more; --unit",
     RULE(.slots = {DEBIT(FIXED, 5210), CREDIT(FIXED, 1410)})},
    {21, "rent-in", "รับค่าเช่า", MEMBER_OPTIONAL, false,
     "--pay 1110, bank or 1360 (owed) to 4230; --sub the stall or plot",
     RULE(.slots = {DEBIT(PAY, CASH, 1360), CREDIT(FIXED, 4230)})},
    {22, "rent-out", "จ่ายค่าเช่า", MEMBER_NO, false,
     "5230 to --pay 1110, bank or 2410 (owed); --sub the lease",
     RULE(.slots = {DEBIT(FIXED, 5230), CREDIT(PAY, CASH, 2410)})},
    {23, "bond-in", "รับเงินประกัน", MEMBER_OPTIONAL, false,
     "--pay 1110 or bank to 2420; --sub the contract that it secures",
     RULE(.slots = {DEBIT(PAY, CASH), CREDIT(FIXED, 2420)})},
    {24, "bond-out", "คืนเงินประกัน", MEMBER_OPTIONAL, false,
     "2420 to --pay 1110 or bank; --sub the contract that it secured",
     RULE(.slots = {DEBIT(FIXED, 2420), CREDIT(PAY, CASH)})},
    {25, "collect", "รับลูกหนี้", MEMBER_OPTIONAL, false,
     "--pay 1110 or bank to 1360; --party or --member who owed",
     RULE(.slots = {DEBIT(PAY, CASH), CREDIT(FIXED, 1360)})},
    {26, "pay", "จ่ายเจ้าหนี้", MEMBER_OPTIONAL, false,
     "2410 to --pay 1110 or bank; --party or --member who is paid",
     RULE(.slots = {DEBIT(FIXED, 2410), CREDIT(PAY, CASH)})},
    {27, "benefit", "จ่ายสวัสดิการ", MEMBER_YES, false,
     "5320 to --pay 1110 or bank; --sub the benefit code",
     RULE(.slots = {DEBIT(FIXED, 5320), CREDIT(PAY, CASH)})},
    {28, "grant", "เงินอุดหนุนมีเงื่อนไข", MEMBER_NO, false,
     "--pay 1110 or bank to 3230; --fund must be given",
     RULE(.flags = RULE_NEEDS_FUND | RULE_TELLS_GRANT,
          .slots = {DEBIT(PAY, CASH), CREDIT(FIXED, 3230)})},
    {29, "restricted", "โครงการประชารัฐ (2559)", MEMBER_NO, false,
     "--pay 1110 or bank to 3230, at most 500,000.00; --fund",
     RULE(.flags = RULE_TELLS_GRANT, .slots = {DEBIT(PAY, CASH), CREDIT(FIXED, 3230)})},
    {30, "grant-release", "ใช้เงินมีเงื่อนไข", MEMBER_NO, false,
     "3230 to --account 4312, 4313, 4314 or 4315 (must be given: the channel of the fund); --fund"
     " must be given",
     RULE(.flags = RULE_NEEDS_FUND | RULE_TELLS_GRANT,
          .slots = {DEBIT(FIXED, 3230), CREDIT(ACCOUNT_GIVEN, CHANNELS)})},
    {31, "grant-return", "คืนเงินเหลือ", MEMBER_NO, false,
     "3230 to --pay 1110 or bank; --fund must be given",
     RULE(.flags = RULE_NEEDS_FUND | RULE_TELLS_GRANT,
          .slots = {DEBIT(FIXED, 3230), CREDIT(PAY, CASH)})},
    {32, "state-capital", "ทุนจากรัฐ", MEMBER_NO, false,
     "--pay 1110 or bank to 3110; --round 2544 (1,000,000.00), 2552 (200,000.00 to 600,000.00) or"
     " 2555 (1,000,000.00)",
     RULE(.flags = RULE_TAKES_ROUND, .slots = {DEBIT(PAY, CASH), CREDIT(FIXED, 3110)})},
    {33, "payroll-remit", "รับหักนำส่ง", MEMBER_YES, false,
     "1120 to --account 2110 (default), 2120 or 4311, or 1210, 1220, 1230 with --interest and"
     " --penalty as in repay; one row a member, which sum to the receipt",
     RULE(.flags = RULE_PARTS_OF_LOAN,
          .slots = {DEBIT(PAY, 1120), SLOT(CREDIT, FIXED, PART_PENALTY, 0, 4140),
                    SLOT(CREDIT, FIXED, PART_INTEREST, 0, 4110),
                    SLOT(CREDIT, ACCOUNT, PART_AMOUNT, PART_INTEREST | PART_PENALTY, SAVINGS, 4311,
                         LOANS)})},
    {34, "wages", "จ่ายค่าจ้าง", MEMBER_OPTIONAL, false,
     "5240 the gross wage --face (default: the amount) to --pay 1110 or bank the amount paid out,"
     " 2410 the rest, withheld; --party",
     RULE(.flags = RULE_FACE_IS_AMOUNT,
          .slots = {SLOT(DEBIT, FIXED, PART_FACE, 0, 5240), CREDIT(PAY, CASH),
                    SLOT(CREDIT, FIXED, PART_FACE, PART_AMOUNT, 2410)})},
    {35, "expense", "จ่ายค่าใช้จ่าย", MEMBER_NO, false,
     "5240 to --pay 1110, bank or 2410 (owed); --unit, --fund",
     RULE(.slots = {DEBIT(FIXED, 5240), CREDIT(PAY, CASH, 2410)})},
    {36, "refund", "รับคืนค่าใช้จ่าย", MEMBER_NO, false,
     "--pay 1110, bank or 2410 (owed less) to 5240; --unit, --fund",
     RULE(.slots = {DEBIT(PAY, CASH, 2410), CREDIT(FIXED, 5240)})},
    {37, "depreciate", "ค่าเสื่อมราคา", MEMBER_NO, false, "5510 to 1590; --sub the asset",
     RULE(.slots = {DEBIT(FIXED, 5510), CREDIT(FIXED, 1590)})},
    {38, "dispose", "จำหน่ายทรัพย์สิน", MEMBER_NO, false,
     "the amount received (0.00: nothing) to --pay 1110 or bank; --cost of the asset (must be"
     " given) from 1510, --face its depreciation so far from 1590 (default: none); a gain to 4190,"
     " a loss to 5240; --sub the asset",
     RULE(.flags = RULE_ZERO_AMOUNT | RULE_NEEDS_COST,
          .slots = {DEBIT(PAY, CASH), SLOT(DEBIT, FIXED, PART_FACE, 0, 1590),
                    GAIN(DEBIT, PART_COST, PART_AMOUNT | PART_FACE, 5240),
                    SLOT(CREDIT, FIXED, PART_COST, 0, 1510),
                    GAIN(CREDIT, PART_AMOUNT | PART_FACE, PART_COST, 4190)})},
    {39, "bank-interest", "ดอกเบี้ยธนาคาร", MEMBER_NO, false, "1120 to 4130; --sub the bank account",
     RULE(.slots = {DEBIT(PAY, 1120), CREDIT(FIXED, 4130)})},
    {40, "borrow", "กู้เงินภายนอก", MEMBER_NO, false,
     "--pay 1110 or bank to 2210; --party the lender, --sub the loan",
     RULE(.slots = {DEBIT(PAY, CASH), CREDIT(FIXED, 2210)})},
    {41, "repay-outside", "คืนเงินกู้ภายนอก", MEMBER_NO, false,
     "of the amount --interest 5120, the rest 2210, to --pay 1110 or bank; --party, --sub",
     RULE(.slots = {SLOT(DEBIT, FIXED, PART_AMOUNT, PART_INTEREST, 2210),
                    SLOT(DEBIT, FIXED, PART_INTEREST, 0, 5120), CREDIT(PAY, CASH)})},
    {42, "dividend-pay", "จ่ายปันผลเฉลี่ยคืน", MEMBER_YES, false,
     "2130 to --pay 1110, bank, 2110 or 2120",
     RULE(.slots = {DEBIT(FIXED, 2130), CREDIT(PAY, CASH, SAVINGS)})},
    {43, "other-income", "รายได้อื่น", MEMBER_NO, false, "--pay 1110, bank or 1360 (owed) to 4190",
     RULE(.slots = {DEBIT(PAY, CASH, 1360), CREDIT(FIXED, 4190)})},
    {44, "rounding", "เศษสตางค์", MEMBER_YES, true,
     "5910 to --account 2110 (default) or 2120, under 1.00; negative: taken from the member",
     RULE(.slots = {DEBIT(FIXED, 5910), CREDIT(ACCOUNT, SAVINGS)})},
    {45, "transfer", "โอนระหว่างบัญชีตนเอง", MEMBER_NO, false,
     "--account 1120 or 1110 from --pay 1110 (default) or bank; --sub the bank account",
     RULE(.flags = RULE_OTHER_THAN_PAY, .slots = {DEBIT(ACCOUNT, 1120, 1110), CREDIT(PAY, CASH)})},
    {46, "journal", "รายการทั่วไป", MEMBER_OPTIONAL, false,
     "one leg: debit > 0, credit < 0 of any own --account; rows of one date and --op balance",
     RULE(.shape = SHAPE_JOURNAL)},
};
/* clang-format on */
