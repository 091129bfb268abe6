"""The study's web application: pages, answers, admin. Needs the extra ``study``."""
