package certs

import (
	"fmt"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

func TestAnAPIThatIsMissingIsNotLogged(t *testing.T) {
	missing := apierrors.NewNotFound(schema.GroupResource{Group: "cert-manager.io", Resource: "certificates"}, "")
	// The default handler would ask the nil reflector for its name, and panic.
	quietWhenMissing(t.Context(), nil, fmt.Errorf("failed to list: %w", missing))
}
