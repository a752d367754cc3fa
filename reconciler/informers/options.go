package informers

import (
	"net/http"

	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
	toolscache "k8s.io/client-go/tools/cache"
)

// Options are what the informers need of the rest of the program.
type Options struct {
	Cluster    *rest.Config
	HTTPClient *http.Client
	Scheme     *runtime.Scheme
	Mapper     meta.RESTMapper
	// Kinds are what is watched in each namespace. When a namespace can be read, the handlers get the objects of the last kind after those of all
	// others: Services, whose reconciliation finds everything else in place.
	Kinds []Kind
	// Transform reduces an object before an informer keeps it.
	Transform toolscache.TransformFunc
	// Wanted reports whether a namespace is to be watched.
	Wanted func(namespace string) bool
	// Namespaces returns the namespaces that may be wanted at the start.
	Namespaces func() []string
	// Limit is the largest number of namespaces to watch one by one. Beyond it, the whole cluster is watched. Zero: there is no limit.
	Limit int
	Log   logr.Logger
}
