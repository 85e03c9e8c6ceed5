"""The questions in the managers' own words, and each answer as a sentence."""

from broker_crm.web.answers.sentences.saying import Said, said

__all__ = ["Said", "said"]
