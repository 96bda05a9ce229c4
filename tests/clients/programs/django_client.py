"""Django's ORM: all migrations of its own applications, models with migrations made here, queries, transactions, sessions, users."""
import os
import sys
import warnings

warnings.simplefilter("ignore")
FOLDER = os.environ["CLIENT_FOLDER"]
sys.path.insert(0, FOLDER)
MODELS_1 = '''
from django.db import models
from django.contrib.postgres.fields import ArrayField

class Artist(models.Model):
    name = models.CharField(max_length=80, unique=True)
    born = models.DateField(null=True)

class Work(models.Model):
    artist = models.ForeignKey(Artist, on_delete=models.CASCADE, related_name="works")
    title = models.CharField(max_length=120, db_index=True)
    price = models.DecimalField(max_digits=10, decimal_places=2, default=1)
    tags = ArrayField(models.CharField(max_length=20), default=list)
    details = models.JSONField(default=dict)
    sold = models.BooleanField(default=False)

class Fair(models.Model):
    title = models.TextField()
    works = models.ManyToManyField(Work)
'''
MODELS_2 = MODELS_1.replace("sold = models.BooleanField(default=False)", '''sold = models.BooleanField(default=False)
    year = models.IntegerField(null=True)
    slug = models.SlugField(default="none")
    class Meta:
        indexes = [models.Index(fields=["year"])]''')


URLS = '''
from django.contrib import admin
from django.db import transaction
from django.http import JsonResponse
from django.urls import path
from gallery.models import Artist, Work

admin.site.register([Artist, Work])

def works(request):
    if request.method == "POST":
        with transaction.atomic():
            artist, _ = Artist.objects.get_or_create(name=request.POST["artist"])
            work = Work.objects.create(artist=artist, title=request.POST["title"], price=request.POST["price"])
            if request.POST.get("fail"):
                raise ValueError(request.POST["fail"])
        request.session["made"] = request.session.get("made", 0) + 1
        return JsonResponse({"title": work.title, "made": request.session["made"]}, status=201)
    found = Work.objects.select_related("artist").filter(title__startswith=request.GET.get("start", "")).order_by("id")
    return JsonResponse({"works": [[w.title, w.artist.name, str(w.price)] for w in found[:5]], "count": found.count(),
                         "made": request.session.get("made", 0)})

urlpatterns = [path("works", works), path("admin/", admin.site.urls)]
'''


def settings():
    from django.conf import settings as s
    s.configure(
        DATABASES={"default": {"ENGINE": "django.db.backends.postgresql", "NAME": os.environ["PGDATABASE"], "USER": os.environ["PGUSER"],
                               "PASSWORD": os.environ["PGPASSWORD"], "HOST": os.environ["PGHOST"], "PORT": os.environ["PGPORT"]}},
        ROOT_URLCONF="gallery.urls", ALLOWED_HOSTS=["testserver"], STATIC_URL="/static/",
        MIDDLEWARE=["django.contrib.sessions.middleware.SessionMiddleware", "django.contrib.auth.middleware.AuthenticationMiddleware",
                    "django.contrib.messages.middleware.MessageMiddleware"],
        TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True, "OPTIONS": {"context_processors": [
            "django.template.context_processors.request", "django.contrib.auth.context_processors.auth",
            "django.contrib.messages.context_processors.messages"]}}],
        INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "django.contrib.sessions", "django.contrib.admin",
                        "django.contrib.messages", "gallery"],
        USE_TZ=True, SECRET_KEY="x", DEFAULT_AUTO_FIELD="django.db.models.BigAutoField", PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
        SILENCED_SYSTEM_CHECKS=["admin.E403", "admin.E408", "admin.E409", "admin.E410"])


def application(models):
    os.makedirs(os.path.join(FOLDER, "gallery"), exist_ok=True)
    open(os.path.join(FOLDER, "gallery", "__init__.py"), "w").close()
    for name, text in (("models.py", models), ("urls.py", URLS)):
        with open(os.path.join(FOLDER, "gallery", name), "w") as f:
            f.write(text)


def call(*words, **options):
    from django.core.management import call_command
    call_command(*words, verbosity=0, interactive=False, **options)


def first():
    import django
    django.setup()
    call("makemigrations", "gallery")
    call("migrate")
    from django.db import connection
    with connection.cursor() as c:
        c.execute("SELECT app, name FROM django_migrations ORDER BY app, name")
        print(c.fetchall())
    from gallery.models import Artist
    for i in range(5):
        Artist.objects.create(name=f"artist {i}")
    print(Artist.objects.count())


def second():
    import django
    django.setup()
    call("makemigrations", "gallery", name="changes")
    call("migrate")
    queries()
    transactions()
    users()
    web()


def queries():
    from django.db import models
    from django.db.models import Count, F, Q, Sum
    from gallery.models import Artist, Fair, Work
    artists = list(Artist.objects.order_by("id"))
    Work.objects.bulk_create([Work(artist=artists[i % 5], title=f"work {i}", price=i, tags=["a", f"t{i % 3}"], details={"n": i, "deep": {"x": [i]}},
                                   year=2000 + i % 10) for i in range(60)])
    print(Work.objects.filter(artist__name="artist 2", price__gt=20).values_list("title", "price").order_by("id")[:4])
    print(list(Artist.objects.annotate(n=Count("works"), total=Sum("works__price", filter=Q(works__sold=False))).order_by("id").values_list("name", "n", "total")))
    print(Work.objects.filter(Q(title__icontains="work 1") | Q(tags__contains=["t2"])).exclude(year__in=[2001, 2002]).count())
    print(Work.objects.filter(details__deep__x__0=7).get().title, Work.objects.aggregate(Sum("price"), models.Max("year")))
    print(Work.objects.filter(id__lte=10).update(price=F("price") * 2, sold=True), Work.objects.filter(sold=True).count())
    print([w.artist.name for w in Work.objects.select_related("artist").order_by("-id")[:3]])
    fair = Fair.objects.create(title="Spring")
    fair.works.set(Work.objects.filter(year=2003))
    fair.works.add(Work.objects.first())
    print([len(f.works.all()) for f in Fair.objects.prefetch_related("works")], fair.works.filter(sold=True).count())
    print(Artist.objects.get_or_create(name="artist 1")[1], Artist.objects.update_or_create(name="artist 9", defaults={"born": "1901-02-03"})[1])
    print(Artist.objects.filter(works__isnull=True).values_list("name", flat=True))
    print(list(Work.objects.values("year").annotate(n=Count("id")).order_by("year").values_list("year", "n"))[:3])
    print(Work.objects.filter(artist__in=Artist.objects.filter(name__endswith="3")).count(), Work.objects.filter(year=2005).exists())
    print([w.id for w in Work.objects.raw("SELECT * FROM gallery_work WHERE price > %s ORDER BY id LIMIT 3", [50])])
    print(sum(1 for _ in Work.objects.order_by("id").iterator(chunk_size=7)))
    print(artists[4].delete(), Work.objects.count(), Artist.objects.count())
    print(Work.objects.order_by("id").union(Work.objects.filter(id=1)).count(), Work.objects.in_bulk([1, 2])[2].title)


def transactions():
    from django.db import IntegrityError, connection, transaction
    from gallery.models import Artist, Work
    try:
        with transaction.atomic():
            Artist.objects.create(name="kept?")
            Artist.objects.create(name="artist 1")
    except IntegrityError as e:
        print(str(e).strip())
    print(Artist.objects.filter(name="kept?").exists())
    with transaction.atomic():
        Artist.objects.create(name="outer")
        try:
            with transaction.atomic():
                Artist.objects.create(name="inner")
                raise ValueError
        except ValueError:
            pass
        print(Work.objects.select_for_update().filter(id__lt=4).count())
    print(list(Artist.objects.filter(name__in=["outer", "inner"]).values_list("name", flat=True)))
    with connection.cursor() as c:
        c.execute("SELECT name FROM items WHERE id = %s", [3])
        print(c.fetchone())
        print(sorted(t for t in connection.introspection.table_names(c) if t.startswith("gallery")))
        print([f.name for f in connection.introspection.get_table_description(c, "gallery_artist") if f.name != "tenant_id"])


def users():
    from django.contrib.auth import authenticate, get_user_model
    from django.contrib.auth.models import Group, Permission
    from django.contrib.contenttypes.models import ContentType
    from django.contrib.sessions.backends.db import SessionStore
    User = get_user_model()
    user = User.objects.create_user("ann", "ann@example.org", "secret")
    print(authenticate(username="ann", password="secret") == user, authenticate(username="ann", password="wrong"))
    group = Group.objects.create(name="editors")
    group.permissions.set(Permission.objects.filter(codename__startswith="add_"))
    user.groups.add(group)
    print(user.has_perm("gallery.add_work"), user.has_perm("gallery.delete_work"), ContentType.objects.count(), Permission.objects.count())
    session = SessionStore()
    session["cart"] = [1, 2]
    session.save()
    print(SessionStore(session.session_key)["cart"])


def web():
    """Requests through the test client: sessions, transactions that fail, and the admin site."""
    import re
    from django.contrib.auth import get_user_model
    from django.db import connection
    from django.test import Client
    from gallery.models import Artist, Work
    client = Client()
    for i in range(3):
        reply = client.post("/works", {"artist": f"web artist {i % 2}", "title": f"web {i}", "price": "12.50"})
        print(reply.status_code, reply.json())
    try:
        client.post("/works", {"artist": "nobody", "title": "web lost", "price": "1", "fail": "on purpose"})
    except ValueError as e:
        print(e)
    print(client.get("/works?start=web").json(), Artist.objects.filter(name="nobody").exists())
    print(Client().get("/works?start=work 1").json())
    get_user_model().objects.create_superuser("root", "root@example.org", "toor")
    print(client.get("/admin/gallery/work/").status_code, client.login(username="root", password="wrong"), client.login(username="root", password="toor"))
    page = client.get("/admin/gallery/work/", {"q": "", "o": "-1"}).content.decode()
    print(re.findall(r"\d+ works?", page)[:1])
    work = Work.objects.get(title="web 1")
    print(client.post(f"/admin/gallery/work/{work.id}/change/", {
        "artist": work.artist_id, "title": "web changed", "price": "3.00", "tags": "a,b", "details": "{}", "year": "1999", "slug": "s"}).status_code)
    work.refresh_from_db()
    print(work.title, work.price, work.tags, work.year)
    print(client.post("/admin/gallery/work/", {"action": "delete_selected", "_selected_action": [work.id], "post": "yes"}).status_code,
          Work.objects.filter(id=work.id).exists())
    print(client.get("/admin/gallery/work/", {"year": "1999"}).status_code, client.get("/admin/").status_code)
    # A connection that was ended by somebody else: the next request gets a new one.
    with connection.cursor() as c:
        c.execute("SELECT pg_backend_pid()")
        pid = c.fetchone()[0]
    import psycopg2
    with psycopg2.connect(os.environ["DATABASE_URL"]) as other, other.cursor() as c:
        c.execute("SELECT pg_terminate_backend(%s)", [pid])
    from django.db import close_old_connections
    try:
        Work.objects.count()
    except Exception as e:
        print(type(e).__name__)
    close_old_connections()
    print(client.get("/works?start=web").json()["count"])


def main():
    if len(sys.argv) == 1:
        # One process for each state of the models, as in life.
        import subprocess
        for step, models in (("first", MODELS_1), ("second", MODELS_2)):
            application(models)
            done = subprocess.run([sys.executable, __file__, step])
            if done.returncode != 0:
                sys.exit(done.returncode)
        return
    settings()
    {"first": first, "second": second}[sys.argv[1]]()


main()
