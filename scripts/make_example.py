"""Writes the files of the example organisation "Harbour & Hill Service": the same bytes each time.

usage: make_example.py [FOLDER]        (default: example/ beside this folder)

People, places and machines are made up. The texts are in example_faults.txt and example_articles_zh.txt. Times of the open day are
written as today+N, so that the day is always the day of the import; what is past has fixed dates.
"""
import csv
import os
import random
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ZONE = "Europe/Dublin"

TERRITORIES = [("north", "North"), ("coast", "Coast"), ("valley", "Valley")]

TECHNICIANS = [
    ("t-north-1", "Ada Brannock", "north", "en"), ("t-north-2", "Tomas Hale", "north", "en"),
    ("t-north-3", "Mei Tanaka-Ross", "north", "en"), ("t-north-4", "Oskar Lindqvist", "north", "en"),
    ("t-coast-1", "Bridget Sorrell", "coast", "en"), ("t-coast-2", "Chen Yulan", "coast", "zh"),
    ("t-coast-3", "Davit Kobal", "coast", "en"), ("t-coast-4", "Rosa Pemberley", "coast", "en"),
    ("t-valley-1", "Ifor Maddox", "valley", "en"), ("t-valley-2", "Nadia Ferreira", "valley", "en"),
    ("t-valley-3", "Liu Haoran", "valley", "zh"), ("t-valley-4", "Greta Ashdown", "valley", "en"),
]

# machine: article word, makes and models, spare parts beside those of the fault table, tools, what to think of first
MACHINES = {
    "boiler": ("Boiler", ["Kessel K40", "Kessel K70", "Warmwell 120", "Emberline C24"],
               ["burner gasket", "flame sensor", "gas valve coil", "fan gasket", "relief valve 3 bar", "water pressure sensor"],
               "feeler gauge, manometer, combustion analyser",
               "Close the gas cock before the casing is opened and test for leaks with foam afterwards."),
    "pump": ("Circulation pump", ["Rotaflow 32-60", "Rotaflow 50-120", "Aquila D65", "Aquila D80"],
             ["coupling insert", "impeller 120 mm", "casing gasket", "vent screw", "run capacitor 8 uF"],
             "screwdriver, clamp meter, seal press",
             "Lock off the motor and let the pressure out of the casing before any screw is loosened."),
    "chiller": ("Chiller", ["Polar 80", "Polar 160", "Tundra C12", "Glacis W200"],
                ["filter drier 16 mm", "sight glass", "contactor 40 A", "expansion valve orifice", "crankcase heater"],
                "manifold gauges, leak detector, refractometer",
                "Only certified people open the refrigerant circuit; every kilogram goes into the log."),
    "lift": ("Lift", ["Ascent 630", "Ascent 1000", "Verta P8"],
             ["levelling magnet", "relay board", "car lamp LED", "emergency battery 12 V", "rope clamp"],
             "test lamp, inspection key, gauge set",
             "Nobody enters the shaft before the lift is on inspection and the main switch is locked."),
    "air_handler": ("Air handler", ["Zephyr 4", "Zephyr 10", "Aerion M2"],
                    ["frost thermostat", "pressure switch 50-500 Pa", "fan bearing UCP205", "damper motor 10 Nm", "bag filter M5 592"],
                    "belt gauge, manometer, straight edge",
                    "Wait until the fan stands still: a wheel runs on for a minute after the switch is off."),
    "cold_room": ("Cold room", ["Frostline 12", "Frostline 30", "Keepcool B6"],
                  ["door handle with inside release", "frame heater 5 m", "contactor 16 A", "fan guard", "expansion valve TX2"],
                  "thermometer, hair dryer, gauges",
                  "Test the release on the inside of the door on every visit."),
    "generator": ("Generator", ["Dynamo D60", "Dynamo D150", "Standby S33"],
                  ["air filter", "oil filter", "fan belt 13 x 1000", "coolant 20 l", "preheat plug set"],
                  "battery tester, clamp meter, lamp",
                  "Switch to off and take the battery's minus pole away before hands go near the fan."),
    "fire_pump": ("Fire pump", ["Hydra F50", "Hydra F90"],
                  ["jockey pump seal", "pressure switch 16 bar", "pilot lamp red", "controller fuse 6 A"],
                  "manometer, hand pump",
                  "Tell the alarm centre before the first valve is moved and again when all is back in automatic."),
    "door": ("Automatic door", ["Glidemaster 2", "Portal S", "Dockway R5"],
             ["drive belt 8 m", "door battery pack", "floor guide", "program switch", "slat profile 3 m"],
             "force gauge, level",
             "Put the barrier up: a door under test must not meet a passer-by."),
    "softener": ("Water softener", ["Calmwater 60", "Calmwater 120"],
                 ["resin 25 l", "salt tablets 25 kg", "drain line 3 m", "bypass O-ring set"],
                 "hardness test kit",
                 "Open the bypass first, so that the house has water while you work."),
    "compressor": ("Air compressor", ["Screwline 11", "Screwline 22", "Pistonair 4"],
                   ["intake air filter", "V-belt XPA 1180", "thermostat 71 C", "hose 1/2 in 10 m", "check valve 3/4 in"],
                   "pressure gauge, leak spray",
                   "Let all pressure out and lock the main switch before a pipe is opened."),
}

# kind of site: machines it has (with how many)
KINDS = {
    "hospital": "boiler boiler pump pump pump chiller lift lift generator fire_pump air_handler door",
    "school": "boiler pump pump air_handler door softener",
    "hotel": "boiler boiler pump pump chiller lift cold_room softener door",
    "store": "cold_room cold_room cold_room door door air_handler chiller",
    "works": "compressor compressor pump pump door boiler air_handler generator",
    "office": "chiller lift lift air_handler air_handler pump boiler door",
    "farm": "cold_room generator pump compressor softener",
    "flats": "lift boiler pump pump door",
}

SITES = {
    "north": [
        ("Hillcrest Infirmary", "hospital", "1 Beacon Rise, Upper Fell"), ("Fellside School", "school", "14 Chapel Brow, Upper Fell"),
        ("Cairn Hotel", "hotel", "3 Market Cross, Cairnby"), ("Cairn Court Flats", "flats", "20 Weir Street, Cairnby"),
        ("Moorgate Foods", "store", "Unit 4, Moorgate Park"), ("Moorgate Stone Works", "works", "Unit 11, Moorgate Park"),
        ("Ravens House", "office", "8 Ravens Row, Cairnby"), ("High Pasture Dairy", "farm", "Pasture Lane, Tarn End"),
        ("Tarn End School", "school", "2 Lake Road, Tarn End"), ("Larch Tower", "flats", "5 Larch Way, Cairnby"),
        ("Summit Outfitters Hall", "store", "31 Bridge Street, Cairnby"), ("Peat Bottom Sawmill", "works", "Mill Track, Peat Bottom"),
        ("Northern Rates Office", "office", "2 Ravens Row, Cairnby"),
    ],
    "coast": [
        ("Harbour Light Hotel", "hotel", "1 Quay Parade, Saltmouth"), ("Saltmouth Fish Hall", "store", "Pier 2, Saltmouth"),
        ("Saltmouth Cottage Hospital", "hospital", "40 Chandler Road, Saltmouth"), ("Gull Point School", "school", "9 Gull Lane, Saltmouth"),
        ("Breakwater Boat Yard", "works", "Slipway 3, Saltmouth"), ("Customs Chambers", "office", "12 Quay Parade, Saltmouth"),
        ("Samphire Court", "flats", "6 Dune Walk, Marram"), ("Marram Sands Hotel", "hotel", "22 Dune Walk, Marram"),
        ("Marram Grocers", "store", "3 High Street, Marram"), ("Oyster Lane Sheds", "farm", "Oyster Lane, Marram"),
        ("Lantern House", "office", "77 Chandler Road, Saltmouth"), ("Pilot Street Flats", "flats", "15 Pilot Street, Saltmouth"),
        ("Shingle Bay Cannery", "works", "Cannery Road, Shingle Bay"), ("Shingle Bay School", "school", "1 Beach Road, Shingle Bay"),
    ],
    "valley": [
        ("Orchard Vale Hospital", "hospital", "100 Mill Road, Orchardby"), ("Orchard Vale Packers", "farm", "Blossom Farm, Orchardby"),
        ("Weaver Mill Offices", "office", "1 Weaver Yard, Loomford"), ("Weaver Mill Lofts", "flats", "2 Weaver Yard, Loomford"),
        ("Loomford Textile Works", "works", "Dye House, Loomford"), ("Bridge Inn", "hotel", "4 Bridge End, Loomford"),
        ("Loomford Market Hall", "store", "Market Square, Loomford"), ("Willow School", "school", "12 Osier Road, Withyham"),
        ("Withyham Cold Store", "store", "Station Yard, Withyham"), ("Osier House", "office", "3 Station Road, Withyham"),
        ("Vineyard Hotel", "hotel", "Terrace Hill, Orchardby"), ("Riverside Brewery", "works", "Malt Lane, Loomford"),
        ("Poplar Grove Flats", "flats", "50 Poplar Grove, Withyham"),
    ],
}

ACCOUNTS = {
    "north": ["Upper Fell Health Trust", "Cairnby Schools Board", "Cairn Hospitality", "Moorgate Trading Estate", "Fell Housing Society"],
    "coast": ["Saltmouth Health Trust", "Coastal Schools Board", "Quay & Dune Hotels", "Saltmouth Harbour Company", "Marram Housing Society"],
    "valley": ["Orchardby Health Trust", "Valley Schools Board", "Loomford Estates", "Withyham Provisions", "River Hospitality"],
}
ACCOUNT_OF_KIND = {"hospital": 0, "school": 1, "hotel": 2, "store": 3, "works": 3, "office": 3, "farm": 3, "flats": 4}
ACCOUNT_OF_KIND_VALLEY = {"hospital": 0, "school": 1, "hotel": 4, "store": 3, "works": 2, "office": 2, "farm": 3, "flats": 2}

ACCESS = [
    "Report at reception, badge against a signature.", "Key in the box left of the gate, code from the office.",
    "Caretaker comes at 07:00, ring twice.", "Deliveries before 11:00 only, the yard is closed at lunch.",
    "Plant room on the roof, stairs behind the kitchen.", "Dog in the yard: call before you enter.",
    "Hard hat and high-visibility vest needed.", "Parking in the rear, height limit 2.1 m.", "No work during lessons, breaks at 10:20 and 12:10.",
    "",
]

PLACES = ["basement plant room", "roof", "east wing", "west wing", "yard", "kitchen", "ground floor", "second floor", "loading dock", "boiler house"]

ROUTINE = [
    ("preventive", "Yearly service of {machine}", "Checklist {machine}, measure and write down all values, renew wear parts as found."),
    ("inspection", "Inspection of {machine} before the season", "Look, listen, measure; report what will not last until the next visit."),
    ("preventive", "Half-yearly service of {machine}", "Clean, tighten, lubricate. Customer wants the report by mail."),
    ("install", "Fit replacement controller to {machine}", "Controller is in the depot. Keep the old settings, photograph them first."),
    ("survey", "Survey for renewal of {machine}", "Measure access, lifting points and pipe sizes for the offer."),
]

# What is read on a machine, and what is checked when it is serviced: title, kind, limits (minimum, maximum, scale, unit), mandatory, options.
WAYS_IN = ["key box at the rear gate", "plant room door", "lift shaft door"]
HIDDEN_HAZARDS = ["", "alarm goes to the police after 40 s", "asbestos behind the panel: do not drill", ""]
METERS = {"boiler": ("Hours run", "h"), "pump": ("Hours run", "h"), "chiller": ("Compressor hours", "h"), "lift": ("Trips", ""),
          "compressor": ("Hours run", "h")}

CHECKS = [
    ("Safe to work: isolated and tagged", "confirm", "", "", "", "", True, ""),
    ("Looks sound, no leaks", "yes_no", "", "", "", "", True, ""),
    ("Supply voltage", "number", 2070, 2530, 1, "V", False, ""),
    ("Condition of wear parts", "choice", "", "", "", "", False, "good;worn;!to be replaced now"),
    ("Photo of the type plate", "photo", "", "", "", "", False, ""),
]

PEOPLE = ["Nora Keane", "Jonas Weir", "Leila Marsh", "Piotr Ward", "Sian Holloway", "Emeka Stone", "Carla Denholm", "Wen Ashby", "Hugo Lark",
          "Maud Fenwick", "Tariq Dell", "Ines Corley", "Rab Tunnock", "Yara Pike", "Olive Strand"]
ROLES = [("caretaker", "phone"), ("accounts", "email"), ("duty manager", "message")]

DONE = ["Done as planned, values in order.", "Customer was shown the result.", "Come back in six months to look at it again.",
        "Renewed the part from the van.", "Second visit was needed, part had to be ordered.", "Cleaned up, old part left with the customer."]


def read_faults(name):
    with open(os.path.join(HERE, name), encoding="utf-8") as file:
        for line in file:
            if line.strip() and not line.startswith("#"):
                yield [cell.strip() for cell in line.split("|")]


def steps_text(steps):
    return "\n".join(f"{number}. {step.strip()}." for number, step in enumerate(steps.split(";"), 1))


class Example:
    def __init__(self, folder):
        self.folder = folder
        self.random = random.Random(1843)
        self.faults = list(read_faults("example_faults.txt"))
        self.parts = {}   # description -> key
        self.sites = []   # (key, territory, account, name)
        self.assets = []  # (key, machine, site row, name)
        self.routine = []  # open orders with a checklist: (key, territory, asset)

    def write(self, name, record, columns, rows):
        os.makedirs(self.folder, exist_ok=True)
        with open(os.path.join(self.folder, name), "w", encoding="utf-8", newline="") as file:
            out = csv.writer(file, lineterminator="\n")
            out.writerow([f"record={record}", "key", *columns])
            for row in rows:
                assert len(row) == len(columns) + 1, (name, row)
                out.writerow(["", *row])

    def base(self):
        self.write("01_territories.csv", "territory", ["name"], TERRITORIES)
        places = [(f"depot-{key}", f"Depot {name}", "depot", key) for key, name in TERRITORIES]
        places += [(f"van-{key[2:]}", f"Van {number}", "van", territory)
                   for number, (key, _, territory, _) in enumerate(TECHNICIANS, 1)]
        self.write("02_stock_locations.csv", "stock_location", ["name", "kind", "territory_id"], places)
        self.write("03_technicians.csv", "technician", ["name", "territory_id", "van_location_id", "language", "phone"],
                   [(key, name, territory, f"van-{key[2:]}", language, f"+353 20 910 {number:04}")
                    for number, (key, name, territory, language) in enumerate(TECHNICIANS, 1)])

    def stock(self):
        wanted = [(fault[0], fault[7]) for fault in self.faults if fault[7]]
        wanted += [(machine, part) for machine, row in MACHINES.items() for part in row[2]]
        wanted += [(machine, f"{kind} {MACHINES[machine][0].lower()}") for machine in MACHINES
                   for kind in ("service kit", "display board", "sensor cable", "label set")]
        rows = []
        for machine, part in wanted:
            if part in self.parts:
                continue
            number = f"HH-{len(self.parts) + 1001}"
            self.parts[part] = number
            unit = "set" if part.endswith(("set", "kit", "pair")) else "l" if part.endswith(" l") else "pcs"
            rows.append((number, number, part[0].upper() + part[1:], unit, machine, MACHINES[machine][0]))
        self.write("04_parts.csv", "part", ["number", "description", "unit", "type", "assembly"], rows)
        self.opening_stock(list(self.parts.values()))

    def opening_stock(self, numbers):
        pick, rows = self.random, []
        places = [(f"depot-{key}", key, "", 70, 20) for key, _ in TERRITORIES]
        places += [(f"van-{key[2:]}", territory, key, 14, 3) for key, _, territory, _ in TECHNICIANS]
        for place, territory, technician, kinds, most in places:
            for number in sorted(pick.sample(numbers, kinds)):
                rows.append((f"open-{place}-{number}", "receipt", number, pick.randint(1, most), "vendor", place, technician, territory,
                             "today-30T06:00"))
        self.write("05_opening_stock.csv", "movement",
                   ["type", "part_id", "quantity", "from_location_id", "to_location_id", "technician_id", "territory_id", "at_ms"], rows)

    def customers(self):
        pick = self.random
        accounts = [(f"a-{territory}-{number}", name, "customer", territory, f"+353 20 77{number} {pick.randint(1000, 9999)}")
                    for territory, names in ACCOUNTS.items() for number, name in enumerate(names)]
        self.write("06_accounts.csv", "account", ["name", "kind", "territory_id", "phone"], accounts)
        rows = []
        for territory, sites in SITES.items():
            accounts_of = ACCOUNT_OF_KIND_VALLEY if territory == "valley" else ACCOUNT_OF_KIND
            for number, (name, kind, address) in enumerate(sites, 1):
                account = f"a-{territory}-{accounts_of[kind]}"
                site = (f"s-{territory}-{number:02}", territory, account, name)
                self.sites.append((site, kind))
                rows.append((site[0], account, territory, name, address, ZONE, pick.choice(ACCESS)))
        self.write("07_sites.csv", "site", ["account_id", "territory_id", "name", "address", "time_zone", "access_notes"], rows)

    def machines(self):
        pick, rows = self.random, []
        for site, kind in self.sites:
            counts = {}
            for machine in KINDS[kind].split():
                counts[machine] = counts.get(machine, 0) + 1
                key = f"{site[0][2:]}-{machine}-{counts[machine]}"
                name = f"{MACHINES[machine][0]} {counts[machine]}, {pick.choice(PLACES)}"
                status = pick.choices(["active", "down", "planned", "in_repair"], [94, 3, 1, 2])[0]
                rows.append((key, site[0], site[1], name, pick.choice(MACHINES[machine][1]), f"{machine[:2].upper()}{pick.randint(10**6, 10**7 - 1)}",
                             status, f"{pick.randint(2004, 2023)}-{pick.randint(1, 12):02}-{pick.randint(1, 28):02}"))
                self.assets.append((key, machine, site, name))
        self.write("08_assets.csv", "asset", ["site_id", "territory_id", "name", "model", "serial", "status", "installed_at_ms"], rows)

    def articles(self):
        columns = ["number", "language", "title", "product", "symptom", "cause", "fix", "body", "tools", "parts", "state"]
        rows = []
        for number, fault in enumerate(self.faults, 1):
            word, models, _, tools, first = MACHINES[fault[0]]
            body = f"{first}\n\nSeen on: {', '.join(models)}. Write what you measured into the report, also when all was well."
            state = "validated" if number % 7 else "not_validated"
            rows.append((f"kb-{number:03}", f"HH-KB-{number:03}", "en", fault[1], word, fault[2], fault[3], steps_text(fault[4]), body, tools,
                         fault[7], state))
        for number, (product, title, symptom, cause, steps) in enumerate(read_faults("example_articles_zh.txt"), 1):
            fix = "\n".join(f"{at}. {step.strip().rstrip('。')}。" for at, step in enumerate(steps.split(";"), 1))
            rows.append((f"kb-zh-{number:03}", f"HH-KB-Z{number:02}", "zh", title, product, symptom, cause, fix,
                         "工作前先断电并挂牌，完成后把测量值写进报告。", "", "", "validated"))
        self.write("09_knowledge_articles.csv", "kb_article", columns, rows)

    def fault_of(self, machine):
        fault = self.random.choice([fault for fault in self.faults if fault[0] == machine])
        return fault, self.random.choice([report.strip() for report in fault[8].split(";")])

    def order_base(self, key, number, asset):
        return [key, number, asset[2][1], asset[2][2], asset[2][0], asset[0]]

    def open_day(self):
        pick, orders, requests = self.random, [], []
        per_territory = {key: pick.sample([asset for asset in self.assets if asset[2][1] == key], 15) for key, _ in TERRITORIES}
        for number, asset in enumerate((asset for assets in per_territory.values() for asset in assets), 1):
            slot = (number - 1) % 15
            start = f"today{'+1' if slot >= 12 else ''}T{8 + slot % 4 * 2:02}:{pick.choice(['00', '15', '30'])}"
            planned = start if slot < 13 else ""
            request = ""
            if slot % 3 != 2:
                fault, report = self.fault_of(asset[1])
                kind, title = "break_fix", report
                text = f"{report}. {asset[3]}. Symptom in short: {fault[2]}"
                request, problem = f"r-{number:03}", fault[5]
                requests.append((request, asset[2][2], asset[2][0], asset[0], asset[2][1], f"{report}. It is the {asset[3].lower()}.",
                                 pick.choice(["phone", "email", "portal"]), problem, pick.randint(2, 5), "in_work",
                                 f"today-1T{pick.randint(9, 16):02}:{pick.randint(10, 59)}"))
            else:
                kind, title, text = pick.choice(ROUTINE)
                title, text = (words.format(machine=MACHINES[asset[1]][0].lower()) for words in (title, text))
                problem = ""
                self.routine.append((f"wo-{number:04}", asset[2][1], asset))
            orders.append(self.order_base(f"wo-{number:04}", f"HH-{5000 + number}", asset) +
                          [request, kind, title, text, pick.randint(1, 5) if request else 1, problem, "true" if slot < 14 else "false",
                           "waiting for a part from the maker" if slot == 11 else "",
                           planned, f"today{'+1' if slot >= 12 else ''}T07:00", f"today+{2 if request else 7}T17:00"])
        self.write("10_service_requests.csv", "service_request",
                   ["account_id", "site_id", "asset_id", "territory_id", "text", "channel", "problem_code", "severity", "state", "opened_at_ms"],
                   requests)
        self.write("11_work_orders_open.csv", "work_order",
                   ["number", "territory_id", "account_id", "site_id", "asset_id", "request_id", "type", "title", "description", "priority",
                    "problem_code", "released", "hold_reason", "planned_start_at_ms", "promised_from_at_ms", "promised_to_at_ms"], orders)

    def contacts(self):
        names = [(territory, number) for territory, accounts in ACCOUNTS.items() for number in range(len(accounts))]
        rows = []
        for at, (territory, number) in enumerate(names):
            for place, (role, channel) in enumerate(ROLES[:1 + at % 3]):
                person = PEOPLE[(at + 4 * place) % len(PEOPLE)]
                mail = f"{person.split()[0].lower()}@a-{territory}-{number}.example"
                rows.append((f"c-{territory}-{number}-{place}", f"a-{territory}-{number}", territory, person, role, f"+353 20 78{number} {1000 + at}",
                             mail, channel))
        self.write("13_contacts.csv", "contact",
                   ["account_id", "territory_id", "name", "role", "phone", "email", "preferred_channel"], rows)

    def meters(self):
        rows = [(f"m-{key}", key, site[1], METERS[machine][0], METERS[machine][1], "counter")
                for key, machine, site, _ in self.assets if machine in METERS]
        self.write("14_meters.csv", "meter", ["asset_id", "territory_id", "name", "unit", "kind"], rows)

    def tasks(self):
        rows = []
        for key, territory, asset in self.routine:
            for number, (title, kind, minimum, maximum, scale, unit, mandatory, options) in enumerate(CHECKS, 1):
                rows.append((f"{key}-{number}", key, territory, number, kind, title, "true" if mandatory else "false",
                             "both" if minimum else "none", minimum, maximum, scale, unit, options, ""))
            if asset[1] in METERS:
                rows.append((f"{key}-meter", key, territory, len(CHECKS) + 1, "reading", METERS[asset[1]][0], "true", "none", "", "", "",
                             METERS[asset[1]][1], "", f"m-{asset[0]}"))
        self.write("15_tasks.csv", "task",
                   ["work_order_id", "territory_id", "position", "kind", "title", "mandatory", "limits", "minimum", "maximum", "scale", "unit",
                    "options", "meter_id"], rows)

    def access(self):
        rows = [(f"k-{site[0]}", site[0], WAYS_IN[at // 3 % len(WAYS_IN)], f"{2040 + 37 * at}", HIDDEN_HAZARDS[at // 3 % len(HIDDEN_HAZARDS)])
                for at, (site, _) in enumerate(self.sites) if at % 3 == 0]
        self.write("16_site_access.csv", "site_access", ["site_id", "name", "code", "hazards"], rows)

    def past(self):
        pick, rows, costs = self.random, [], []
        for number in range(1, 201):
            asset = pick.choice(self.assets)
            if number % 4:
                fault, title = self.fault_of(asset[1])
                kind, problem, cause, action = "break_fix", title.lower()[:60], fault[5], fault[6]
                part = f" Part: {fault[7]}." if fault[7] else ""
                text = f"{fault[2]} Cause: {fault[3]} {pick.choice(DONE)}{part}"
            else:
                kind, title, text = pick.choice(ROUTINE)
                title, text = (words.format(machine=MACHINES[asset[1]][0].lower()) for words in (title, text))
                text, problem, cause, action = f"{text} {pick.choice(DONE)}", "", "", "serviced"
            day = f"{pick.randint(2022, 2024)}-{pick.randint(1, 12):02}-{pick.randint(1, 28):02}"
            hour = pick.randint(7, 15)
            rows.append(self.order_base(f"old-{number:04}", f"HH-{1000 + number}", asset) +
                        [kind, title, text, pick.randint(1, 4), problem, cause, action, f"{day}T{hour:02}:00", f"{day}T{hour + 2:02}:30",
                         f"{day}T17:00", "imported"])
            costs.append((f"cost-{number:04}", f"old-{number:04}", pick.randint(45, 900) * 100 + pick.choice([0, 50])))
        rows.sort(key=lambda row: row[-4])
        self.write("12_work_orders_past.csv", "work_order",
                   ["number", "territory_id", "account_id", "site_id", "asset_id", "type", "title", "description", "priority", "problem_code",
                    "cause_code", "action_code", "planned_start_at_ms", "completed_at_ms", "closed_at_ms", "source"], rows)
        self.write("17_work_order_costs.csv", "work_order_cost", ["work_order_id", "cost_cents"], costs)

    def make(self):
        self.base()
        self.stock()
        self.customers()
        self.machines()
        self.articles()
        self.open_day()
        self.past()
        self.contacts()
        self.meters()
        self.tasks()
        self.access()


def main():
    Example(sys.argv[1] if len(sys.argv) > 1 else os.path.join(HERE, "..", "example")).make()


if __name__ == "__main__":
    main()
