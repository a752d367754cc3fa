package server

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"time"

	"k8s.io/apimachinery/pkg/util/validation"
)

// maxWait is the longest time that a request may wait for a change.
const maxWait = time.Minute

// question is what a request asks for.
type question struct {
	// service limits the answer to one Service; empty for all.
	service string
	// session names the process that asks; empty if it has no name.
	session string
	// wait is how long to wait for a change; zero for an answer at once. version is that of the answer which the caller has; empty if it has none.
	wait    time.Duration
	version string
	// term is the one that a pod steps down from.
	term int64
}

var (
	sessions = regexp.MustCompile(`^[A-Za-z0-9-]{0,64}$`)
	versions = regexp.MustCompile(`^[0-9a-f]{0,16}$`)
)

// parse reads the parameters. Unknown ones are ignored, because a later version of the library may send more.
func parse(values url.Values) (question, error) {
	q := question{service: values.Get("service"), session: values.Get("session"), version: values.Get("version")}
	if q.service != "" && len(validation.IsDNS1123Label(q.service)) > 0 {
		return q, fmt.Errorf("service=%.70q: must be the name of a Service", q.service)
	}
	if !sessions.MatchString(q.session) {
		return q, fmt.Errorf("session=%.70q: must be at most 64 letters, digits and hyphens", q.session)
	}
	if !versions.MatchString(q.version) {
		return q, fmt.Errorf("version=%.20q: must be the version of an earlier answer", q.version)
	}
	var err error
	if text := values.Get("wait"); text != "" {
		if q.wait, err = time.ParseDuration(text); err != nil || q.wait < 0 || q.wait > maxWait {
			return q, fmt.Errorf("wait=%.20q: must be a duration between 0s and %s, such as 30s", text, maxWait)
		}
	}
	if text := values.Get("term"); text != "" {
		if q.term, err = strconv.ParseInt(text, 10, 64); err != nil || q.term <= 0 {
			return q, fmt.Errorf("term=%.20q: must be a positive integer", text)
		}
	}
	return q, nil
}

// request is what somebody asks.
type request struct {
	from   party
	caller Caller
	question
}

// accept returns who asks and for what. It answers the request itself, and returns false, if it must be refused.
func (s *Server) accept(w http.ResponseWriter, r *http.Request) (request, bool) {
	from, ok := s.party(w, r)
	if !ok {
		return request{}, false
	}
	if s.book.duration() == 0 {
		refuse(w, http.StatusServiceUnavailable, "this replica has just started")
		return request{}, false
	}
	if r.ContentLength != 0 {
		limitBody(w)
		refuse(w, http.StatusBadRequest, "a request has no body")
		return request{}, false
	}
	q, err := parse(r.URL.Query())
	if err != nil {
		refuse(w, http.StatusBadRequest, err.Error())
		return request{}, false
	}
	caller, ok := s.lookUp(from)
	if !ok && q.wait > 0 {
		if !s.mayWait(w, from) {
			return request{}, false
		}
		began := time.Now()
		caller, ok = s.awaitKnown(r.Context(), from, q.wait)
		s.limits.end(from)
		q.wait = max(q.wait-time.Since(began), time.Millisecond) // without a wait, it would be answered with a grant
	}
	if !ok {
		s.metrics.refused("UnknownPod")
		refuse(w, http.StatusForbidden, from.unknown())
		return request{}, false
	}
	if caller = caller.only(q.service); q.service != "" && len(caller.Services) == 0 {
		refuse(w, http.StatusNotFound, noService(q.service))
		return request{}, false
	}
	return request{from: from, caller: caller, question: q}, true
}

// only returns the caller with one of its Services, or with none if it is not a candidate of that; with all of them if no name is given.
func (c Caller) only(name string) Caller {
	if name == "" {
		return c
	}
	all := c.Services
	c.Services = nil
	for i := range all {
		if all[i].Name == name {
			c.Services = all[i : i+1]
		}
	}
	return c
}

// noService is the answer about a Service that is none of the caller's. It is the same whether or not there is such a Service.
func noService(name string) string {
	return fmt.Sprintf("service=%s: must be a Service with a leader Service that selects this pod", name)
}

// limitBody limits the time to read the rest of a request.
func limitBody(w http.ResponseWriter) {
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(requestTimeout)) // tests' writers cannot
}

// refuse answers with an error, as plain text.
func refuse(w http.ResponseWriter, status int, message string) { http.Error(w, message, status) }

// reply answers with JSON. No proxy may keep it.
func reply(w http.ResponseWriter, answer any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_ = json.NewEncoder(w).Encode(answer) // it fails only if the caller no longer waits
}
