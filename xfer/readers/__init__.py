"""Data sets: how their official files and hub copies become rows of one form. May import forms and core's ground."""
