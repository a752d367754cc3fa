package report

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Contents is the file contents.json of a report. Within a version, fields are added, but never renamed or removed.
type Contents struct {
	metav1.TypeMeta `json:",inline"`
	Created         time.Time `json:"created"`
	// Namespace is the one whose Services the report is about; empty for all.
	Namespace string `json:"namespace,omitempty"`
	Files     []File `json:"files"`
	// Missing is what could not be read.
	Missing []Missing `json:"missing,omitempty"`
}

// File is a file of a report, and its size in bytes.
type File struct {
	Name string `json:"name"`
	Size int    `json:"size"`
}

// Missing is what could not be read, and why.
type Missing struct {
	What   string `json:"what"`
	Reason string `json:"reason"`
}

// archive is the zip file while it is written. Everything that it takes passes the redactor.
type archive struct {
	redactor
	zip      *zip.Writer
	contents Contents
	// failed is the first error of a write.
	failed error
}

func newArchive(to io.Writer, namespace string, created time.Time) *archive {
	return &archive{zip: zip.NewWriter(to), contents: Contents{
		TypeMeta: metav1.TypeMeta{APIVersion: apiVersion, Kind: kind}, Created: created.UTC(), Namespace: namespace, Files: []File{},
	}}
}

// add adds a file.
func (a *archive) add(name string, text []byte) {
	text = a.redact(text)
	a.contents.Files = append(a.contents.Files, File{name, len(text)})
	a.write(name, text)
}

func (a *archive) write(name string, text []byte) {
	if a.failed != nil {
		return
	}
	file, err := a.zip.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: a.contents.Created})
	if err == nil {
		_, err = file.Write(text)
	}
	a.failed = err
}

// object adds a file with an object as JSON.
func (a *archive) object(name string, object any) {
	text, err := encoded(object)
	if err != nil {
		a.missing(name, err)
		return
	}
	a.add(name, text)
}

func encoded(object any) ([]byte, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(object)
	return text.Bytes(), err
}

// missing notes what could not be read. It returns whether there was an error.
func (a *archive) missing(what string, err error) bool {
	if err == nil {
		return false
	}
	reason := string(a.redact([]byte(err.Error())))
	var status apierrors.APIStatus
	if errors.As(err, &status) && status.Status().Reason == metav1.StatusReasonForbidden {
		reason = "you have no permission: " + reason
	}
	a.contents.Missing = append(a.contents.Missing, Missing{what, reason})
	return true
}

// close completes the zip file with contents.json.
func (a *archive) close() error {
	text, err := encoded(a.contents)
	if err != nil {
		return err
	}
	a.write("contents.json", text)
	return errors.Join(a.failed, a.zip.Close())
}
