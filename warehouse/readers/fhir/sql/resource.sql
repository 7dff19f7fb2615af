-- Grain: one row per resource of one kind, as read, with the reason it is set aside for by its status.
select
    *,
    case
        when list_contains($statuses, _status) then $reasons[list_position($statuses, _status)]
        else $otherwise
    end as _why
from resource
