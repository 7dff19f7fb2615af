"""Floor one: record extracts become people, people become counts. Nothing above this floor sees a person."""
