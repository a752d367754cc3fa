package informers

import (
	"errors"
	"fmt"
	"net/http"
	"time"
)

// Ready is a readiness check. It passes once each namespace that was wanted at the start can be read, is no longer wanted, or cannot be watched for
// want of a right, which is no reason to leave the others alone.
func (i *Informers) Ready(*http.Request) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	switch {
	case i.initial == nil:
		return errors.New("it is not known yet which namespaces to watch")
	case i.initialAll && !i.all.readable:
		return errors.New("the informers of the whole cluster are not synced")
	}
	// While a replica that watched namespaces changes to the whole cluster, it goes on with those.
	for _, namespace := range i.initial {
		if s := i.byNamespace[namespace]; s != nil && !s.readable && !s.refused(time.Now()) {
			return fmt.Errorf("the informers of namespace %s are not synced", namespace)
		}
	}
	return nil
}
