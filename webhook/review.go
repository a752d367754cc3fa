package webhook

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/go-json-experiment/json"
	admissionv1 "k8s.io/api/admission/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// maxReview is how large a review may be. The API server's objects are at most 1.5 MiB, and a review has two.
const maxReview = 8 << 20

// request is the part of an admission.k8s.io/v1 AdmissionRequest that a departure needs. The rest, of a pod that is most of 20 KB,
// is passed over and never becomes an object.
type request struct {
	UID         types.UID `json:"uid"`
	SubResource string    `json:"subResource"`
	Namespace   string    `json:"namespace"`
	Name        string    `json:"name"`
	DryRun      bool      `json:"dryRun"`
	// OldObject is the pod of a DELETE.
	OldObject struct {
		Metadata metadata `json:"metadata"`
	} `json:"oldObject"`
	// Object is the Eviction.
	Object struct {
		Metadata      metadata      `json:"metadata"`
		DeleteOptions deleteOptions `json:"deleteOptions"`
	} `json:"object"`
	Options deleteOptions `json:"options"`
}

type metadata struct {
	Name              string       `json:"name"`
	UID               types.UID    `json:"uid"`
	DeletionTimestamp *metav1.Time `json:"deletionTimestamp"`
}

type deleteOptions struct {
	DryRun        []string `json:"dryRun"`
	Preconditions *struct {
		UID *types.UID `json:"uid"`
	} `json:"preconditions"`
}

// readReview reads the request of an AdmissionReview.
func readReview(r *http.Request) (*request, error) {
	var review struct {
		Request *request `json:"request"`
	}
	if err := json.UnmarshalRead(http.MaxBytesReader(nil, r.Body, maxReview), &review); err != nil {
		return nil, fmt.Errorf("failed to decode AdmissionReview: %w", err)
	}
	if review.Request == nil || review.Request.UID == "" {
		return nil, errors.New("failed to decode AdmissionReview: it has no request.uid")
	}
	return review.Request, nil
}

// writeReview answers with a response.
func writeReview(w http.ResponseWriter, response *admissionv1.AdmissionResponse) error {
	review := admissionv1.AdmissionReview{
		TypeMeta: metav1.TypeMeta{APIVersion: admissionv1.SchemeGroupVersion.String(), Kind: "AdmissionReview"},
		Response: response,
	}
	body, err := json.Marshal(review)
	if err != nil {
		return fmt.Errorf("failed to encode AdmissionReview: %w", err)
	}
	w.Header().Set("Content-Type", "application/json")
	if _, err := w.Write(body); err != nil {
		return fmt.Errorf("failed to answer AdmissionReview: %w", err)
	}
	return nil
}
