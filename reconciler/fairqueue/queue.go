package fairqueue

// Queue holds what waits, by namespace. Its zero value is an empty queue. It is not safe for concurrent use.
type Queue[T any] struct {
	// waiting has an entry for each namespace in which something waits.
	waiting map[string]*items[T]
	// turns are the same namespaces, in the order in which they are served next.
	turns []string
}

// items are what waits in one namespace, the oldest first.
type items[T any] struct {
	urgent, others []T
	// overtaken is how many urgent ones in a row have overtaken the others.
	overtaken int
}

// maxOvertaken is how many urgent items of a namespace in a row overtake its others. So those go on, too, where urgent ones never end.
const maxOvertaken = 8

// Push adds an item at the end of its namespace's items.
func (q *Queue[T]) Push(namespace string, item T) {
	of := q.of(namespace)
	of.others = append(of.others, item)
}

// PushUrgent adds an item before those of its namespace that are not urgent. The namespace's turn comes no sooner.
func (q *Queue[T]) PushUrgent(namespace string, item T) {
	of := q.of(namespace)
	of.urgent = append(of.urgent, item)
}

// of returns the items of a namespace, which gets a turn if it has none.
func (q *Queue[T]) of(namespace string) *items[T] {
	if q.waiting == nil {
		q.waiting = map[string]*items[T]{}
	}
	of := q.waiting[namespace]
	if of == nil {
		of = &items[T]{}
		q.waiting[namespace] = of
		q.turns = append(q.turns, namespace)
	}
	return of
}

// Pop removes and returns the first item of the namespace whose turn it is. It returns false when nothing waits.
func (q *Queue[T]) Pop() (item T, ok bool) {
	if len(q.turns) == 0 {
		return item, false
	}
	namespace := q.turns[0]
	of := q.waiting[namespace]
	from := &of.urgent
	of.overtaken++
	if len(of.urgent) == 0 || len(of.others) > 0 && of.overtaken > maxOvertaken {
		from, of.overtaken = &of.others, 0
	}
	var none T
	item, (*from)[0] = (*from)[0], none // what was taken must not stay referenced
	*from = (*from)[1:]
	q.turns = q.turns[1:]
	if len(of.urgent)+len(of.others) == 0 {
		delete(q.waiting, namespace)
	} else {
		q.turns = append(q.turns, namespace)
	}
	return item, true
}

// Empty reports whether nothing waits.
func (q *Queue[T]) Empty() bool {
	return len(q.turns) == 0
}
