/* The table of provinces, clusters and regions, and rolling up a home place. */
#include "store/places.h"

#include <stdio.h>

static const struct region REGIONS[] = {
    {"BKK-E", "ภาคกรุงเทพฯ ปริมณฑล และตะวันออก", "Bangkok, Vicinity and East"},
    {"C-W", "ภาคกลางและตะวันตก", "Central and West"},
    {"NE", "ภาคตะวันออกเฉียงเหนือ", "Northeast"},
    {"N", "ภาคเหนือ", "North"},
    {"S", "ภาคใต้", "South"},
};

static const struct cluster CLUSTERS[] = {
    {1, "ภาคกลางปริมณฑล", "Central Vicinity"},
    {2, "ภาคกลางตอนบน", "Upper Central"},
    {3, "ภาคกลางตอนล่าง 1", "Lower Central 1"},
    {4, "ภาคกลางตอนล่าง 2", "Lower Central 2"},
    {5, "ภาคใต้ฝั่งอ่าวไทย", "South Gulf"},
    {6, "ภาคใต้ฝั่งอันดามัน", "South Andaman"},
    {7, "ภาคใต้ชายแดน", "South Border"},
    {8, "ภาคตะวันออก 1", "East 1"},
    {9, "ภาคตะวันออก 2", "East 2"},
    {10, "ภาคตะวันออกเฉียงเหนือตอนบน 1", "Upper Northeast 1"},
    {11, "ภาคตะวันออกเฉียงเหนือตอนบน 2", "Upper Northeast 2"},
    {12, "ภาคตะวันออกเฉียงเหนือตอนกลาง", "Central Northeast"},
    {13, "ภาคตะวันออกเฉียงเหนือตอนล่าง 1", "Lower Northeast 1"},
    {14, "ภาคตะวันออกเฉียงเหนือตอนล่าง 2", "Lower Northeast 2"},
    {15, "ภาคเหนือตอนบน 1", "Upper North 1"},
    {16, "ภาคเหนือตอนบน 2", "Upper North 2"},
    {17, "ภาคเหนือตอนล่าง 1", "Lower North 1"},
    {18, "ภาคเหนือตอนล่าง 2", "Lower North 2"},
};

/* In order of code. */
static const struct province PROVINCES[] = {
    {10, 0, 0, "กรุงเทพมหานคร", "Bangkok"},
    {11, 1, 0, "สมุทรปราการ", "Samut Prakan"},
    {12, 1, 0, "นนทบุรี", "Nonthaburi"},
    {13, 1, 0, "ปทุมธานี", "Pathum Thani"},
    {14, 2, 1, "พระนครศรีอยุธยา", "Phra Nakhon Si Ayutthaya"},
    {15, 2, 1, "อ่างทอง", "Ang Thong"},
    {16, 2, 1, "ลพบุรี", "Lopburi"},
    {17, 2, 1, "สิงห์บุรี", "Sing Buri"},
    {18, 2, 1, "ชัยนาท", "Chai Nat"},
    {19, 2, 1, "สระบุรี", "Saraburi"},
    {20, 8, 0, "ชลบุรี", "Chon Buri"},
    {21, 8, 0, "ระยอง", "Rayong"},
    {22, 9, 0, "จันทบุรี", "Chanthaburi"},
    {23, 9, 0, "ตราด", "Trat"},
    {24, 8, 0, "ฉะเชิงเทรา", "Chachoengsao"},
    {25, 9, 0, "ปราจีนบุรี", "Prachin Buri"},
    {26, 9, 0, "นครนายก", "Nakhon Nayok"},
    {27, 9, 0, "สระแก้ว", "Sa Kaeo"},
    {30, 13, 2, "นครราชสีมา", "Nakhon Ratchasima"},
    {31, 13, 2, "บุรีรัมย์", "Buri Ram"},
    {32, 13, 2, "สุรินทร์", "Surin"},
    {33, 14, 2, "ศรีสะเกษ", "Si Sa Ket"},
    {34, 14, 2, "อุบลราชธานี", "Ubon Ratchathani"},
    {35, 14, 2, "ยโสธร", "Yasothon"},
    {36, 13, 2, "ชัยภูมิ", "Chaiyaphum"},
    {37, 14, 2, "อำนาจเจริญ", "Amnat Charoen"},
    {38, 10, 2, "บึงกาฬ", "Bueng Kan"},
    {39, 10, 2, "หนองบัวลำภู", "Nong Bua Lam Phu"},
    {40, 12, 2, "ขอนแก่น", "Khon Kaen"},
    {41, 10, 2, "อุดรธานี", "Udon Thani"},
    {42, 10, 2, "เลย", "Loei"},
    {43, 10, 2, "หนองคาย", "Nong Khai"},
    {44, 12, 2, "มหาสารคาม", "Maha Sarakham"},
    {45, 12, 2, "ร้อยเอ็ด", "Roi Et"},
    {46, 12, 2, "กาฬสินธุ์", "Kalasin"},
    {47, 11, 2, "สกลนคร", "Sakon Nakhon"},
    {48, 11, 2, "นครพนม", "Nakhon Phanom"},
    {49, 11, 2, "มุกดาหาร", "Mukdahan"},
    {50, 15, 3, "เชียงใหม่", "Chiang Mai"},
    {51, 15, 3, "ลำพูน", "Lamphun"},
    {52, 15, 3, "ลำปาง", "Lampang"},
    {53, 17, 3, "อุตรดิตถ์", "Uttaradit"},
    {54, 16, 3, "แพร่", "Phrae"},
    {55, 16, 3, "น่าน", "Nan"},
    {56, 16, 3, "พะเยา", "Phayao"},
    {57, 16, 3, "เชียงราย", "Chiang Rai"},
    {58, 15, 3, "แม่ฮ่องสอน", "Mae Hong Son"},
    {60, 18, 3, "นครสวรรค์", "Nakhon Sawan"},
    {61, 18, 3, "อุทัยธานี", "Uthai Thani"},
    {62, 18, 3, "กำแพงเพชร", "Kamphaeng Phet"},
    {63, 17, 3, "ตาก", "Tak"},
    {64, 17, 3, "สุโขทัย", "Sukhothai"},
    {65, 17, 3, "พิษณุโลก", "Phitsanulok"},
    {66, 18, 3, "พิจิตร", "Phichit"},
    {67, 17, 3, "เพชรบูรณ์", "Phetchabun"},
    {70, 3, 1, "ราชบุรี", "Ratchaburi"},
    {71, 3, 1, "กาญจนบุรี", "Kanchanaburi"},
    {72, 3, 1, "สุพรรณบุรี", "Suphan Buri"},
    {73, 1, 0, "นครปฐม", "Nakhon Pathom"},
    {74, 4, 1, "สมุทรสาคร", "Samut Sakhon"},
    {75, 4, 1, "สมุทรสงคราม", "Samut Songkhram"},
    {76, 4, 1, "เพชรบุรี", "Phetchaburi"},
    {77, 4, 1, "ประจวบคีรีขันธ์", "Prachuap Khiri Khan"},
    {80, 5, 4, "นครศรีธรรมราช", "Nakhon Si Thammarat"},
    {81, 6, 4, "กระบี่", "Krabi"},
    {82, 6, 4, "พังงา", "Phangnga"},
    {83, 6, 4, "ภูเก็ต", "Phuket"},
    {84, 5, 4, "สุราษฎร์ธานี", "Surat Thani"},
    {85, 6, 4, "ระนอง", "Ranong"},
    {86, 5, 4, "ชุมพร", "Chumphon"},
    {90, 5, 4, "สงขลา", "Songkhla"},
    {91, 6, 4, "สตูล", "Satun"},
    {92, 6, 4, "ตรัง", "Trang"},
    {93, 5, 4, "พัทลุง", "Phatthalung"},
    {94, 7, 4, "ปัตตานี", "Pattani"},
    {95, 7, 4, "ยะลา", "Yala"},
    {96, 7, 4, "นราธิวาส", "Narathiwat"},
};

enum {
    REGION_COUNT = sizeof REGIONS / sizeof REGIONS[0],
    CLUSTER_COUNT = sizeof CLUSTERS / sizeof CLUSTERS[0],
    PROVINCE_COUNT = sizeof PROVINCES / sizeof PROVINCES[0]
};

/* The first two digits of a code of 2, 4 or 6 digits. */
static uint32_t province_code(uint32_t place)
{
    if (place >= 100000) {
        return place / 10000;
    }
    return place >= 1000 ? place / 100 : place;
}

const struct province *place_province(uint32_t place)
{
    uint32_t code = province_code(place);
    for (unsigned i = 0; i < PROVINCE_COUNT; i++) {
        if (PROVINCES[i].code == code) {
            return &PROVINCES[i];
        }
    }
    return NULL;
}

const struct cluster *place_cluster(const struct province *province)
{
    for (unsigned i = 0; province && i < CLUSTER_COUNT; i++) {
        if (CLUSTERS[i].number == province->cluster) {
            return &CLUSTERS[i];
        }
    }
    return NULL;
}

const struct region *place_region(const struct province *province)
{
    return province && province->region < REGION_COUNT ? &REGIONS[province->region] : NULL;
}

static const char *const LEVELS[] = {
    [PLACE_TAMBON] = "tambon",   [PLACE_DISTRICT] = "district", [PLACE_PROVINCE] = "province",
    [PLACE_CLUSTER] = "cluster", [PLACE_REGION] = "region",     [PLACE_COUNTRY] = "country",
};

bool place_level_find(struct bytes name, enum place_level *level)
{
    for (unsigned i = 0; i < sizeof LEVELS / sizeof LEVELS[0]; i++) {
        if (bytes_equal(name, bytes_of_text(LEVELS[i]))) {
            *level = (enum place_level)i;
            return true;
        }
    }
    return false;
}

const char *place_level_name(enum place_level level)
{
    return LEVELS[level];
}

/* A place by its own code; only provinces have names here. */
static void unit_of_code(uint32_t code, struct place_unit *unit)
{
    const struct province *province = code < 100 ? place_province(code) : NULL;
    unit->key = code;
    if (code == 0) {
        snprintf(unit->code, sizeof unit->code, "-");
    } else {
        snprintf(unit->code, sizeof unit->code, "%u", code);
    }
    unit->name_th = province ? province->name_th : NULL;
    unit->name_en = province ? province->name_en : NULL;
}

/* Keys of clusters and regions stand below those of places that have none. */
void place_unit_of(uint32_t place, enum place_level level, struct place_unit *unit)
{
    const struct province *province = place_province(place);
    const struct cluster *cluster = place_cluster(province);
    const struct region *region = place_region(province);
    switch (level) {
    case PLACE_TAMBON:
        unit_of_code(place, unit);
        return;
    case PLACE_DISTRICT:
        unit_of_code(place >= 100000 ? place / 100 : place, unit);
        return;
    case PLACE_PROVINCE:
        unit_of_code(province_code(place), unit);
        return;
    case PLACE_CLUSTER:
        if (!cluster) {
            unit_of_code(province_code(place), unit);
            unit->key += CLUSTER_COUNT + 1;
            return;
        }
        unit->key = cluster->number;
        snprintf(unit->code, sizeof unit->code, "%u", cluster->number);
        unit->name_th = cluster->name_th;
        unit->name_en = cluster->name_en;
        return;
    case PLACE_REGION:
        if (!region) {
            unit_of_code(province_code(place), unit);
            unit->key += REGION_COUNT + 1;
            return;
        }
        unit->key = province->region;
        snprintf(unit->code, sizeof unit->code, "%s", region->code);
        unit->name_th = region->name_th;
        unit->name_en = region->name_en;
        return;
    case PLACE_COUNTRY:
        unit->key = 0;
        snprintf(unit->code, sizeof unit->code, "TH");
        unit->name_th = "ประเทศไทย";
        unit->name_en = "Thailand";
        return;
    }
}
