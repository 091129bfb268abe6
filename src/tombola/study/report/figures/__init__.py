"""Figures of a study report: functions that draw on given axes."""
