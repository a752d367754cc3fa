package webhook

import (
	"bytes"
	"io"
	"net/http"

	"github.com/go-json-experiment/json"

	"github.com/tanist-dev/tanist/config"
)

// front handles every call first: it tells the API server from everybody else, limits what calls use, and passes them to the webhooks'
// handlers.
type front struct {
	paths   *Paths
	metrics *metrics
	// byPath has the limiter of each path without its secret.
	byPath map[string]*limiter
}

// hookPaths are the webhooks by path. A configuration without a path calls "/".
var hookPaths = map[string]string{
	config.PathDepartures: hookDepartures, config.PathServices: hookServices, config.PathTuning: hookTuning,
	config.PathNamespaces: hookNamespaces, config.PathPods: hookDrainWindow, pathAny: hookAny,
}

// newFront returns the handler of all calls. The handlers are served at the paths without secrets.
func newFront(paths *Paths, metrics *metrics, handlers http.Handler) *front {
	f := &front{paths: paths, metrics: metrics, byPath: map[string]*limiter{}}
	for path, hook := range hookPaths {
		f.byPath[path] = newLimiter(hook, limitsOf[hook], metrics, handlers)
	}
	anyHook := f.byPath[pathAny]
	anyHook.next, anyHook.readsOnly = dispatcher{byPath: f.byPath, metrics: metrics}, true
	return f
}

// ServeHTTP refuses a stranger's call before it reads the body.
func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, path := config.SplitAdmissionPath(r.URL.Path)
	next, found := f.byPath[path]
	if !found {
		leaveUnread(w, r)
		http.NotFound(w, r)
		return
	}
	who := f.paths.caller(r.Context(), r.URL.Path)
	if who == stranger {
		f.metrics.unauthenticated.WithLabelValues(next.hook).Inc()
		leaveUnread(w, r)
		http.Error(w, "tanist: only the API server may call this", http.StatusForbidden)
		return
	}
	next.ServeHTTP(w, at(r.WithContext(withCaller(r.Context(), who)), path))
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
