package fairqueue

// Queue holds what waits, by namespace. Its zero value is an empty queue. It is not safe for concurrent use.
type Queue[T any] struct {
	// waiting has an entry for each namespace in which something waits, the oldest first.
	waiting map[string][]T
	// turns are the same namespaces, in the order in which they are served next.
	turns []string
}

// Push adds an item at the end of its namespace's items.
func (q *Queue[T]) Push(namespace string, item T) {
	if q.waiting == nil {
		q.waiting = map[string][]T{}
	}
	if len(q.waiting[namespace]) == 0 {
		q.turns = append(q.turns, namespace)
	}
	q.waiting[namespace] = append(q.waiting[namespace], item)
}

// Pop removes and returns the oldest item of the namespace whose turn it is. It returns false when nothing waits.
func (q *Queue[T]) Pop() (item T, ok bool) {
	if len(q.turns) == 0 {
		return item, false
	}
	namespace := q.turns[0]
	items := q.waiting[namespace]
	item, q.turns = items[0], q.turns[1:]
	if len(items) == 1 {
		delete(q.waiting, namespace)
		return item, true
	}
	var none T
	items[0] = none // what was taken must not stay referenced
	q.waiting[namespace] = items[1:]
	q.turns = append(q.turns, namespace)
	return item, true
}

// Empty reports whether nothing waits.
func (q *Queue[T]) Empty() bool {
	return len(q.turns) == 0
}
