package dashboard

import (
	"encoding/json"
	"slices"
	"sync"

	"k8s.io/apimachinery/pkg/util/sets"

	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/dashboard/page"
	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/status"
)

// head is what the page shows above its rows.
type head struct {
	// Namespace is empty for all namespaces. Cluster is the address of the API server.
	Namespace string `json:"namespace"`
	Cluster   string `json:"cluster"`
	// Window is how far the time lines go back, in seconds.
	Window int `json:"window"`
	// Warnings are about Tanist itself, Problems about what cannot be read at present, and Notes about what the user may not read.
	Warnings []status.Warning `json:"warnings,omitempty"`
	Problems []string         `json:"problems,omitempty"`
	Notes    []string         `json:"notes,omitempty"`
}

// update is what a browser is told.
type update struct {
	// All is true if what is not in this update is not there.
	All  bool              `json:"all,omitempty"`
	Head json.RawMessage   `json:"head,omitempty"`
	Rows []json.RawMessage `json:"rows,omitempty"`
	// Gone are the keys of rows that are no longer there.
	Gone []string `json:"gone,omitempty"`
}

// hub has the page as it is now, for any number of browsers. A browser that is slow misses what was replaced meanwhile, and nothing else.
type hub struct {
	mu   sync.Mutex
	head json.RawMessage
	// rows are by namespace and key.
	rows        map[string]map[string]json.RawMessage
	subscribers map[*subscriber]bool
}

// subscriber is a browser. The hub's mu guards all but wake.
type subscriber struct {
	// all is true until it has been told everything once.
	all bool
	// changed are the keys of rows by namespace that it has not been told.
	changed map[string]sets.Set[string]
	head    bool
	// wake has an element when there is something to take.
	wake chan struct{}
}

func newHub() *hub {
	return &hub{rows: map[string]map[string]json.RawMessage{}, subscribers: map[*subscriber]bool{}}
}

func (h *hub) subscribe() *subscriber {
	s := &subscriber{all: true, changed: map[string]sets.Set[string]{}, wake: make(chan struct{}, 1)}
	s.signal()
	h.mu.Lock()
	defer h.mu.Unlock()
	h.subscribers[s] = true
	return s
}

func (h *hub) unsubscribe(s *subscriber) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.subscribers, s)
}

// setHead replaces the head.
func (h *hub) setHead(current head) {
	text, _ := json.Marshal(current) // it holds nothing that cannot be encoded
	h.mu.Lock()
	defer h.mu.Unlock()
	if string(text) == string(h.head) {
		return
	}
	h.head = text
	for s := range h.subscribers {
		s.head = true
		s.signal()
	}
}

// setRows replaces the rows of a namespace.
func (h *hub) setRows(namespace string, rows []page.Row) {
	current := map[string]json.RawMessage{}
	for i := range rows {
		current[keyOf(namespace, rows[i].Status.Service)], _ = json.Marshal(&rows[i]) // as above
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	changed := sets.New[string]()
	for key, text := range current {
		if string(text) != string(h.rows[namespace][key]) {
			changed.Insert(key)
		}
	}
	for key := range h.rows[namespace] {
		if current[key] == nil {
			changed.Insert(key)
		}
	}
	if h.rows[namespace] = current; len(current) == 0 {
		delete(h.rows, namespace)
	}
	if len(changed) == 0 {
		return
	}
	for s := range h.subscribers {
		s.changed[namespace] = changed.Union(s.changed[namespace])
		s.signal()
	}
}

// has reports whether a Service has a row.
func (h *hub) has(namespace, service string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.rows[namespace][keyOf(namespace, service)] != nil
}

// take returns what a subscriber has not been told.
func (h *hub) take(s *subscriber) update {
	h.mu.Lock()
	defer h.mu.Unlock()
	u := update{All: s.all}
	if s.all || s.head {
		u.Head = h.head
	}
	if s.all {
		for _, rows := range h.rows {
			for _, text := range rows {
				u.Rows = append(u.Rows, text)
			}
		}
	} else {
		for namespace, keys := range s.changed {
			for key := range keys {
				if text := h.rows[namespace][key]; text != nil {
					u.Rows = append(u.Rows, text)
				} else {
					u.Gone = append(u.Gone, key)
				}
			}
		}
		slices.Sort(u.Gone)
	}
	s.all, s.head = false, false
	clear(s.changed)
	return u
}

// keyOf identifies a row.
func keyOf(namespace, service string) string {
	return namespace + "/" + service
}

func (s *subscriber) signal() {
	select {
	case s.wake <- struct{}{}:
	default: // it will wake anyway
	}
}
