"""Linkage: which references of senders are one person.

Exact keys first (identity number, insurance code, old card), then Fellegi and Sunter's weights by Splink over what is
left, then clusters with guards. :mod:`warehouse.linking.persons` is the way in; ``docs/linkage.md`` tells it to people.
"""
