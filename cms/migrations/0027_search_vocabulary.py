"""The first words of equal meaning, and the words that search passes over; editors change them as they like."""

from django.db import migrations

EQUAL = [
    "کالیبراسیون، کالیبره، تنظیم دقت، calibration",
    "دانگل، قفل سخت‌افزاری، dongle، hasp",
    "کوره، furnace، فرنس",
    "زینترینگ، زینتر، سینتر، پخت، sintering",
    "اسکنر، اسکن، scanner",
    "اسپیندل، موتور فرز، spindle",
    "فرز، ابزار برش، bur، tool",
    "دستگاه فرز، دستگاه میلینگ، میلینگ، milling",
    "خطا، ارور، error",
    "به‌روزرسانی، آپدیت، ارتقا، update",
    "نصب، راه‌اندازی، installation، setup",
    "لایسنس، مجوز، license، licence",
    "نرم‌افزار، برنامه، software",
    "شبکه، network",
    "وای‌فای، بی‌سیم، wifi",
    "گارانتی، ضمانت، warranty",
    "سرویس، نگهداری، maintenance",
    "تمیز کردن، نظافت، شست‌وشو، تمیزکاری، cleaning",
    "رمز عبور، گذرواژه، پسورد، password",
    "پشتیبان، بکاپ، backup",
    "المنت، هیتر، heater",
    "سنسور، حسگر، sensor",
    "کابل، سیم، cable",
    "یو‌اس‌بی، usb",
    "ویدیو، فیلم، video",
    "قطعه، یدک، یدکی، spare",
    "رایانه، کامپیوتر، computer، pc",
    "فعال‌سازی، فعال کردن، activation",
    "خاموش، قطع برق",
    "نوک اسکنر، سری اسکنر، tip",
    "زیرکونیا، zirconia",
    "خنک‌کننده، خنک‌کاری، coolant",
    "دما، حرارت، درجه حرارت، temperature",
    "گیربکس، جعبه دنده",
    "روغن، روان‌کار، روغن‌کاری",
    "دفترچه، راهنما، manual، guide",
]
TELL_NOTHING = [
    "از، در، به، با، بر، تا، که، و، یا، را، برای، این، آن، هم، نیز، اگر، هر، همه، بعد، پس، روی، توی، داخل",
    "چه، چرا، چگونه، چطور، چطوری، چیست، چیه، کجا، کی، کدام، آیا، چند، چکار، کار",
    "است، هست، نیست، بود، شد، شده، شود، می‌شود، نمی‌شود، باشد، دارد، ندارد، دارم، داریم، میشه، نمیشه",
    "کردن، کند، کنم، کنیم، کنید، می‌کند، نمی‌کند، می‌کنم، کرد، کرده، دادن، می‌دهد، نمی‌دهد، بدهم، شدن، گرفتن",
    "من، ما، شما، او، خود، خودم، لطفا، سلام، باید، می‌خواهم، خواستم، یک، خیلی، مشکل",
    "the، a، an، of، to، in، on، for، and، is، how",
]


def add_words(apps, schema_editor):
    for name, lines in (("SearchSynonyms", EQUAL), ("SearchStopWords", TELL_NOTHING)):
        model = apps.get_model("cms", name)
        model.objects.bulk_create([model(words=line) for line in lines], ignore_conflicts=True)


class Migration(migrations.Migration):
    dependencies = [("cms", "0026_search_trigrams")]

    operations = [migrations.RunPython(add_words, migrations.RunPython.noop)]
