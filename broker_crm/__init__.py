"""broker_crm: the CRM for insurance brokers in which the process is the program."""
