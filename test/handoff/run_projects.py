"""Runs exported projects one after another: run_projects.py "flags of train.py" folder…"""
import os
import sys

flags, *folders = sys.argv[1:]
for folder in folders:
    for name in [file[:-3] for file in os.listdir(folder) if file.endswith(".py")] + ["update"]:
        sys.modules.pop(name, None)
    sys.path.insert(0, folder)
    sys.argv = ["train.py", "--quiet", *flags.split()]
    import train

    code = train.main()
    if code != 0:
        sys.exit(f"{folder}: exit code {code}")
    sys.path.pop(0)
