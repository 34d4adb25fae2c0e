#!/usr/bin/env python3
# Runs tlsfuzzer's scripts against a TLS server that answers HTTP, and tells which of them pass whole.
# SPDX-License-Identifier: BSD-2-Clause
#
#   tlsfuzzer.py CHECKOUT PORT [--group NUMBER] [--only WORD] [--timeout SECONDS]
#
# CHECKOUT holds tlsfuzzer, tlslite-ng and python-ecdsa side by side, as their repositories have them. The scripts and
# their arguments are those of a group of tlsfuzzer's own tests/tlslite-ng.json, but for those that measure time: 0 is for
# a plain server with an RSA certificate, 1 for one that asks for client certificates. Where a script takes a sample of
# its conversations, it takes the same each time. A line for each: "pass" or "fail", how many conversations passed and
# failed, the script with its arguments, and the names of the conversations that failed, separated by tabs.
import argparse
import json
import os
import re
import subprocess
import sys

TIMING = re.compile(r"timing|lucky13|minerva|marvin")
SEEDED = "import random, runpy, sys; random.seed(1); sys.argv = sys.argv[1:]; " \
         "runpy.run_path(sys.argv[0], run_name='__main__')"


def rows_of(checkout, group):
    with open(os.path.join(checkout, "tlsfuzzer", "tests", "tlslite-ng.json"), encoding="utf-8") as file:
        groups = json.load(file)
    return [(row["name"], [str(argument) for argument in row.get("arguments", [])])
            for row in groups[group]["tests"]]


def count(word, text):
    found = re.findall(rf"^{word}: (\d+)\s*$", text, re.MULTILINE)
    return int(found[-1]) if found else 0


def failed_names(text):
    """The names that stand under "FAILED:" and "XPASSED:", each in quotes on a line of its own."""
    behind = re.split(r"^(?:FAILED|XPASSED):\s*$", text, flags=re.MULTILINE)[1:]
    return [name for part in behind for name in re.findall(r"^\t'(.*)'\s*$", part, re.MULTILINE)]


def run(checkout, port, name, arguments, timeout):
    """Runs one script: whether it passed, and a line about it."""
    fuzzer = os.path.join(checkout, "tlsfuzzer")
    path = os.pathsep.join(
        [".", os.path.join(checkout, "tlslite-ng"), os.path.join(checkout, "python-ecdsa", "src")])
    command = [sys.executable, "-c", SEEDED, "scripts/" + name, "-h", "127.0.0.1", "-p", str(port)] + arguments
    try:
        done = subprocess.run(command, cwd=fuzzer, env=dict(os.environ, PYTHONPATH=path), timeout=timeout, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
        text, is_pass = done.stdout, done.returncode == 0
    except subprocess.TimeoutExpired:
        text, is_pass = "", False
    said = " ".join([name] + arguments).replace("\n", "\\n").replace("\r", "\\r")
    names = "; ".join(failed_names(text)[:20]) if text else "no end in time"
    return is_pass, f"{'pass' if is_pass else 'fail'}\t{count('PASS', text)}\t{count('FAIL', text)}\t{said}\t{names}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("checkout")
    parser.add_argument("port", type=int)
    parser.add_argument("--group", type=int, default=0)
    parser.add_argument("--only", default="", help="scripts whose name has this word")
    parser.add_argument("--timeout", type=int, default=180)
    asked = parser.parse_args()
    passed = total = 0
    for name, arguments in rows_of(asked.checkout, asked.group):
        if TIMING.search(name) or asked.only not in name:
            continue
        is_pass, line = run(asked.checkout, asked.port, name, arguments, asked.timeout)
        print(line, flush=True)
        passed += is_pass
        total += 1
    print(f"{passed} of {total} pass whole")


if __name__ == "__main__":
    main()
