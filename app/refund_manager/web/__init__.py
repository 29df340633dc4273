"""The app's API and pages, and the checks in front of them."""
