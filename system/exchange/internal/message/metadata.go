package message

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
	"github.com/sanarip/sanarip/system/exchange/internal/contract"
)

// identifier is how X-Road's metadata services write members and services.
type identifier struct {
	ObjectType  string `json:"object_type"`
	Instance    string `json:"xroad_instance"`
	Class       string `json:"member_class"`
	Member      string `json:"member_code"`
	Code        string `json:"subsystem_code,omitempty"`
	ServiceCode string `json:"service_code,omitempty"`
}

func identify(kind string, s exchangeapi.Subsystem, service string) identifier {
	return identifier{kind, s.Instance, s.Class, s.Member, s.Code, service}
}

type member struct {
	ID   identifier `json:"id"`
	Name string     `json:"name"`
}

// ListClients is GET /listClients: everybody on the exchange. It is open, as
// with X-Road: who is a member is no secret.
func (s *Service) ListClients(w http.ResponseWriter, _ *http.Request) {
	members := make([]member, 0, len(contract.Systems))
	for _, system := range contract.Systems {
		members = append(members, member{identify("SUBSYSTEM", system, ""), exchangeapi.NameOf(system)})
	}
	for guest := range s.Guests {
		members = append(members, member{identify("SUBSYSTEM", guest, ""), guest.Code})
	}
	writeJSON(w, map[string]any{"member": members})
}

type service struct {
	identifier
	Type      string         `json:"service_type"`
	Endpoints []endpointView `json:"endpoint_list"`
}

type endpointView struct {
	Method string `json:"method"`
	Path   string `json:"path"`
}

// metadata answers the metadata services of a provider. Every authenticated
// client may ask; allowedMethods tells only what it may call itself.
func (s *Service) metadata(w http.ResponseWriter, x *exchange) {
	began := time.Now()
	if x.request.Method != http.MethodGet || x.target.Rest != "" {
		s.error(w, x, refuse(badRequest, "metadata services are asked with GET", nil), began)
		return
	}
	if !s.known(x.target.Provider) {
		s.error(w, x, refuse(unknownMember, "Could not find addresses for service provider "+x.target.Provider.String(), nil), began)
		return
	}
	if x.target.Service == "getOpenAPI" {
		code := x.request.URL.Query().Get("serviceCode")
		endpoints := contract.Of(x.target.Provider, code)
		if len(endpoints) == 0 {
			s.error(w, x, refuse(unknownService, "Unknown service", nil), began)
			return
		}
		writeJSON(w, contract.OpenAPI(endpoints))
		return
	}
	services := []service{}
	for _, code := range contract.Services(x.target.Provider) {
		found := service{identifier: identify("SERVICE", x.target.Provider, code), Type: "OPENAPI"}
		for _, e := range contract.Of(x.target.Provider, code) {
			if x.target.Service == "allowedMethods" {
				t := exchangeapi.Target{Provider: e.Provider, Service: e.Service, Rest: e.Path}
				_, allowed, err := s.Rights.Allow(x.request.Context(), x.client, t, http.MethodPost)
				if err != nil {
					s.error(w, x, refuse(internal, "The rights could not be read", err), began)
					return
				}
				if !allowed {
					continue
				}
			}
			found.Endpoints = append(found.Endpoints, endpointView{http.MethodPost, e.Path})
		}
		if len(found.Endpoints) > 0 {
			services = append(services, found)
		}
	}
	slices.SortFunc(services, func(a, b service) int { return strings.Compare(a.ServiceCode, b.ServiceCode) })
	writeJSON(w, map[string]any{"service": services})
}

func writeJSON(w http.ResponseWriter, v any) {
	data, err := json.Marshal(v)
	if err != nil {
		http.Error(w, "{}", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(data)
}

// OnlyRead answers whoever would change what can only be read, in X-Road's form.
func OnlyRead(w http.ResponseWriter, _ *http.Request) {
	h := w.Header()
	h.Set("Allow", "GET, HEAD")
	h.Set("Content-Type", "application/json")
	h.Set(exchangeapi.HeaderError, badRequest)
	w.WriteHeader(http.StatusMethodNotAllowed)
	data, _ := json.Marshal(exchangeapi.Error{Type: badRequest, Message: "this address is only read"}) // never fails
	_, _ = w.Write(data)                                                                               // a caller that left is no error of ours
}
