"""Numbers, names and births of people in standard forms, as linkage compares them.

Identity number, old identity card, insurance number, telephone: a type for one, a function of frames for many.
Whatever is wrong is a named fault whose sentence never holds the number; the types never print theirs.
"""
