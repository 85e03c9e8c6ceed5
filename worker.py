"""The worker: `python worker.py` fires due timers and sends letters until it is stopped."""

from broker_crm.worker import main

if __name__ == "__main__":
    main()
