package webhook

import (
	"bytes"
	"io"
	"net/http"

	"github.com/go-json-experiment/json"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/httpserver"
)

// maxUnproven is how many calls are answered at a time of those that nothing proves to be the API server's. It is more than all requests
// that an API server handles at a time (600 by default): without a secret, some of these calls are its own.
const maxUnproven = 1024

// front handles every call first: it tells the API server from everybody else, limits what calls use, and passes them to the webhooks'
// handlers.
type front struct {
	paths   *Paths
	metrics *metrics
	// byPath has the limiter of each path without its secret.
	byPath map[string]*limiter
	// unproven has an element for each call that nothing proves to be the API server's.
	unproven chan struct{}
}

// hookPaths are the webhooks by path. A configuration without a path calls "/".
var hookPaths = map[string]string{
	config.PathDepartures: hookDepartures, config.PathServices: hookServices, config.PathTuning: hookTuning,
	config.PathNamespaces: hookNamespaces, config.PathPods: hookDrainWindow, pathAny: hookAny,
}

// newFront returns the handler of all calls. The handlers are served at the paths without secrets.
func newFront(paths *Paths, metrics *metrics, handlers http.Handler) *front {
	f := &front{paths: paths, metrics: metrics, byPath: map[string]*limiter{}, unproven: make(chan struct{}, maxUnproven)}
	for path, hook := range hookPaths {
		f.byPath[path] = newLimiter(hook, limitsOf[hook], metrics, handlers)
	}
	anyHook := f.byPath[pathAny]
	anyHook.next, anyHook.readsOnly = dispatcher{byPath: f.byPath, metrics: metrics}, true
	return f
}

// ServeHTTP serves the API server whatever others do.
func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, path := config.SplitAdmissionPath(r.URL.Path)
	next, found := f.byPath[path]
	if found && f.paths.prove(r.URL.Path) {
		next.ServeHTTP(w, from(apiServer, r, path))
		return
	}
	select {
	case f.unproven <- struct{}{}:
		defer func() { <-f.unproven }()
	default:
		// No answer, because a client that does not read it holds memory until that times out. With HTTP/2, hundreds of calls may follow.
		f.metrics.rejected.WithLabelValues(hookAny, causeTooMany).Inc()
		httpserver.Abort(r.Context())
	}
	if found {
		f.serveUnproven(w, r, path, next)
	} else {
		dismiss(w, r)
		http.NotFound(w, r)
	}
	// The answer is sent while the call counts. If that fails, the client is gone.
	_ = http.NewResponseController(w).Flush()
}

// serveUnproven refuses a stranger's call before it reads the body.
func (f *front) serveUnproven(w http.ResponseWriter, r *http.Request, path string, next *limiter) {
	who := f.paths.caller(r.Context(), r.URL.Path)
	if who == stranger {
		f.metrics.unauthenticated.WithLabelValues(next.hook).Inc()
		dismiss(w, r)
		http.Error(w, "tanist: only the API server may call this", http.StatusForbidden)
		return
	}
	next.ServeHTTP(w, from(who, r, path))
}

// dismiss ends the connection after this answer, with HTTP/2 too. There are limits for how many connections a stranger has, and how often.
func dismiss(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Connection", "close")
	leaveUnread(w, r)
}

// from returns the request with who makes it, at a path without a secret.
func from(who caller, r *http.Request, path string) *http.Request {
	return at(r.WithContext(withCaller(r.Context(), who)), path)
}

// at returns the request with another path.
func at(r *http.Request, path string) *http.Request {
	r = r.Clone(r.Context())
	r.URL.Path, r.URL.RawPath = path, ""
	return r
}

// dispatcher passes a call at "/" to the webhook that it is for. There, a configuration of several webhooks needs no path, so that a path
// with a secret can be added and stays when the manifest is applied again.
type dispatcher struct {
	byPath  map[string]*limiter
	metrics *metrics
}

func (d dispatcher) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	path := pathFor(body)
	if err != nil || path == "" {
		d.metrics.rejected.WithLabelValues(hookAny, causeBroken).Inc()
		http.Error(w, "tanist: no webhook is for this request", statusOf[causeBroken])
		return
	}
	r = at(r, path)
	r.Body = io.NopCloser(bytes.NewReader(body))
	d.byPath[path].ServeHTTP(w, r)
}

// pathFor returns the path of the webhook that an AdmissionReview is for; empty for none.
func pathFor(body []byte) string {
	var review struct {
		Request struct {
			Resource struct {
				Resource string `json:"resource"`
			} `json:"resource"`
			SubResource string `json:"subResource"`
			Operation   string `json:"operation"`
		} `json:"request"`
	}
	if json.Unmarshal(body, &review) != nil {
		return ""
	}
	switch request := review.Request; request.Resource.Resource + "/" + request.SubResource {
	case "pods/eviction":
		return config.PathDepartures
	case "pods/":
		if request.Operation == "DELETE" {
			return config.PathDepartures
		}
		return config.PathPods
	case "services/":
		return config.PathServices
	case "configmaps/":
		return config.PathTuning
	case "namespaces/":
		return config.PathNamespaces
	default:
		return ""
	}
}
