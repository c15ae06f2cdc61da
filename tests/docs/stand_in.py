#!/usr/bin/env python3
"""Takes the place of a command that is not run: writes down how it was called, a line of JSON each,
and prints what the rest of the block can go on with."""

import json
import os
import sys

with open(os.environ["CALLS"], "a", encoding="utf-8") as file:
    file.write(json.dumps([os.path.basename(sys.argv[0]), *sys.argv[1:]]) + "\n")
print('{"AUDIT_KEY":"of-the-audit","keys":[]}')
