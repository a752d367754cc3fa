package webhook

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/go-json-experiment/json"
	admissionv1 "k8s.io/api/admission/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/cache"
)

// request is the part of an admission.k8s.io/v1 AdmissionRequest that departures needs. The decoder skips the rest, which is most of a
// pod's 20 KB.
type request struct {
	UID         types.UID `json:"uid"`
	SubResource string    `json:"subResource"`
	Namespace   string    `json:"namespace"`
	Name        string    `json:"name"`
	DryRun      bool      `json:"dryRun"`
	UserInfo    struct {
		Username string `json:"username"`
	} `json:"userInfo"`
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

// departure returns the departure that is requested. The outcome is empty unless there is nothing to prepare.
func (r *request) departure() (departure cache.Departure, outcome string) {
	d := cache.Departure{Namespace: r.Namespace, Name: r.Name, Eviction: r.SubResource == "eviction", User: r.UserInfo.Username}
	pod := &r.OldObject.Metadata
	if d.Name == "" { // the deletion of a collection
		d.Name = pod.Name
	}
	d.UID = pod.UID
	if d.Eviction {
		if d.Name == "" {
			d.Name = r.Object.Metadata.Name
		}
		if preconditions := r.Object.DeleteOptions.Preconditions; preconditions != nil && preconditions.UID != nil {
			d.UID = *preconditions.UID
		}
	}
	switch {
	case r.dryRun():
		return d, departureDryRun
	case pod.DeletionTimestamp != nil || d.Name == "":
		return d, departureNoLeader
	default:
		return d, ""
	}
}

// dryRun reports whether the request is a dry run. An eviction may say so in the Eviction alone.
func (r *request) dryRun() bool {
	return r.DryRun || len(r.Options.DryRun) > 0 || len(r.Object.DeleteOptions.DryRun) > 0
}

// readReview decodes the request of an AdmissionReview.
func readReview(r *http.Request) (*request, error) {
	var review struct {
		Request *request `json:"request"`
	}
	if err := json.UnmarshalRead(r.Body, &review); err != nil {
		return nil, fmt.Errorf("failed to decode AdmissionReview: %w", err)
	}
	if review.Request == nil || review.Request.UID == "" {
		return nil, errors.New("failed to decode AdmissionReview: it has no request.uid")
	}
	return review.Request, nil
}

// writeReview writes an AdmissionReview with a response.
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
		return fmt.Errorf("failed to write AdmissionReview: %w", err)
	}
	return nil
}
