package dashboard

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

//go:embed assets
var embedded embed.FS

// writeTimeout is how long a browser may take to accept an update. One that does not asks again later.
const writeTimeout = 30 * time.Second

// newHandler serves the page's files, its updates, and what there is to say of one Service.
func newHandler(f *feed) http.Handler {
	assets, err := fs.Sub(embedded, "assets")
	if err != nil {
		panic(err) // only for a path that is none
	}
	mux := http.NewServeMux()
	mux.Handle("/", withType(http.FileServerFS(assets)))
	mux.HandleFunc("/events", f.serveEvents)
	mux.HandleFunc("/service", f.serveDetails)
	return mux
}

// contentTypes are those of the page's files. Of a machine's own types, which Windows keeps in its registry, some are wrong, and a browser runs
// no script of another type.
var contentTypes = map[string]string{
	".css": "text/css; charset=utf-8", ".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml",
}

func withType(files http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if contentType := contentTypes[path.Ext(r.URL.Path)]; contentType != "" {
			w.Header().Set("Content-Type", contentType)
		}
		files.ServeHTTP(w, r)
	})
}

// serveEvents tells a browser everything once, and then what changes, as Server-Sent Events.
func (f *feed) serveEvents(w http.ResponseWriter, r *http.Request) {
	s := f.hub.subscribe()
	defer f.hub.unsubscribe(s)
	w.Header().Set("Content-Type", "text/event-stream")
	stream := http.NewResponseController(w)
	for {
		select {
		case <-r.Context().Done():
			return
		case <-s.wake:
		}
		text, err := json.Marshal(f.hub.take(s))
		if err == nil {
			_ = stream.SetWriteDeadline(time.Now().Add(writeTimeout)) // a recorder of tests has none
			_, err = fmt.Fprintf(w, "data: %s\n\n", text)
		}
		if err == nil {
			err = stream.Flush()
		}
		if err != nil {
			return // the browser connects again
		}
	}
}

// serveDetails answers what there is to say of one Service.
func (f *feed) serveDetails(w http.ResponseWriter, r *http.Request) {
	namespace, service := r.URL.Query().Get("namespace"), r.URL.Query().Get("name")
	if !f.hub.has(namespace, service) {
		http.Error(w, "there is no such Service on the page", http.StatusNotFound)
		return
	}
	d, err := f.details(r.Context(), namespace, service, time.Now())
	if err != nil {
		code := http.StatusBadGateway
		if answer := apierrors.APIStatus(nil); errors.As(err, &answer) && answer.Status().Code >= http.StatusBadRequest {
			code = int(answer.Status().Code)
		}
		http.Error(w, err.Error(), code)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(d) // the browser has gone
}
