"""The story of ./demo --story from beginning to end, and its proof."""
import time

import equal
from story_carriers import carry_for_a_colleague, go_another_way, heal_a_replica, write_a_flight
from story_day import (ADA, LAST_PART, TOMAS, VAN, kill_in_the_middle, lose_the_acknowledgement, open_the_office, send_out, tell_issues,
                       tell_outcomes, work_off_line)
from story_jobs import do_what_was_cancelled, tell_late, work_off_a_checklist
from story_loss import restore_a_device, restore_the_server, revoke_a_device
from telling import enrol, say, scene, settle, shade


def prove(server, people, retired):
    """`retired`: people's devices that are revoked."""
    scene(18, "The proof")
    wrong = []
    log = server.log_of_operations()
    saved = [operation for person in (*people, *retired) for operation, _ in person.saved]
    times = {operation: sum(1 for o in log if o["id"] == operation) for operation in saved}
    wrong += [f"operation {operation} is in the log {count} times" for operation, count in times.items() if count != 1]
    say(f"   {len(saved)} operations were called saved, {sum(times.values())} of them are in the server's log.")
    part = server.find("part", number=LAST_PART)["id"]
    moved = [words for person in (*people, *retired) for _, words in person.saved if words.startswith(f"use {LAST_PART}")]
    balance = [row["quantity"] for row in people[0].device.run("van", "--location", VAN)["stock"] if row["part"] == part]
    say(f"   {LAST_PART} in {VAN}: 1 was there, {len(moved)} were used, the ledger says {balance[0] if balance else 0}.")
    if balance != [-1]:
        wrong.append(f"the balance of {LAST_PART} in {VAN} is {balance}")
    side = equal.holdings_of_server(server)
    for person in people:
        found, scopes, rows = equal.digest_differences(server, person.device)
        walked = equal.differences(server, person.device, side)
        wrong += found + walked
        verdict = shade("bad", "DIFFERENT") if found or walked else shade("good", "equal")
        say(f"   {person.device.name}: {scopes} scopes with {rows} rows, by digest and row by row: {verdict}")
    checked = server.verify()
    say(f"   truckrolld verify: {checked['chains']} chains, {checked['operations']} operations, {checked['rows']} rows, "
        f"{checked['balances']} balances: {shade('good', 'everything fits')}")
    return wrong


def story(world):
    began = time.monotonic()
    say(shade("title", "A day at Harbour & Hill Service"))
    server, real = open_the_office(world)
    scene(2, "Two devices join")
    ada, tomas = enrol(server, ADA, "ada-tablet"), enrol(server, TOMAS, "tomas-laptop")
    visits = send_out(server, ada, tomas, real)
    work_off_line(server, ada, tomas, visits, real)
    lose_the_acknowledgement(server, ada)
    kill_in_the_middle(server, tomas)
    settle(ada, tomas, ada)
    tell_outcomes(server, (ada, tomas))
    tell_issues(server)
    work_off_a_checklist(server, tomas)
    do_what_was_cancelled(server, ada)
    tell_late(server, tomas)
    restore_a_device(server, ada)
    restore_the_server(server, ada, tomas)
    second = revoke_a_device(server, ada)
    heal_a_replica(server, tomas)
    go_another_way(server, tomas)
    carry_for_a_colleague(server, second, tomas)
    write_a_flight(tomas)
    settle(second, tomas, second)
    for person in (second, tomas):
        person.device.stop_agent()
    wrong = prove(server, (second, tomas), (ada,))
    server.stop()
    say()
    for sentence in wrong:
        say(shade("bad", f"   {sentence}"))
    if not wrong:
        say(shade("good", "everything equal") + shade("faint", f"   ({time.monotonic() - began:.0f} s)"))
    return 1 if wrong else 0
