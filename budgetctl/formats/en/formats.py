"""Moments as all other pages write them. Django's own for the language win over the settings."""

DATE_FORMAT = "j M Y"
TIME_FORMAT = "H:i"
DATETIME_FORMAT = "D j M Y, H:i"
