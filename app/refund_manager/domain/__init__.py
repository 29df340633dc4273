"""What the app is about: recommendations, decisions, orders and complaints. It knows no database and no HTTP."""
