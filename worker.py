"""The worker: `python worker.py` fires due timers and sends letters until it is stopped."""

from broker_crm.cli import main

if __name__ == "__main__":
    main(["worker"])
